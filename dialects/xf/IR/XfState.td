// What a session keeps between calls.
#ifndef PTX_XF_STATE
#define PTX_XF_STATE

include "dialects/xf/IR/XfBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_HistoryOp : Xf_Op<"history", [Symbol]> {
  let summary = "the tokens that a session holds for each of its rows";
  let description = [{
    A session has rows (runtime/ptx.h). Of each history a row holds a number of
    tokens, at positions 0, 1, 2 and so on. A call gives each of its sequences a
    row; functions begin a history or continue it (`xf.visible`) and read what
    is held (`xf.held`).
    C1 `max_length`, the most tokens that a row holds, is 1 to 2^31-1.
    ```mlir
    xf.history @text max_length 1024
    xf.cache @"h.0.attn" of @text : !xf.cache<1536xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$max_length);
  let assemblyFormat = "$sym_name `max_length` $max_length attr-dict";
  let hasVerifier = 1;
}

def Xf_CacheOp : Xf_Op<"cache", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "declares a cache: a vector for each token that a history holds";
  let description = [{
    Functions that name one cache share it.
    C1 the history is declared.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$history, TypeAttrOf<Xf_CacheType>:$type);
  let assemblyFormat = "$sym_name `of` $history `:` $type attr-dict";
}

def Xf_StateOp : Xf_Op<"state", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a cache as the call finds it";
  let description = "C1 the cache is declared, with the type of the result.";
  let arguments = (ins FlatSymbolRefAttr:$cache);
  let results = (outs Xf_CacheType:$result);
  let assemblyFormat = "$cache attr-dict `:` type($result)";
}

def Xf_HeldOp : Xf_Op<"held", [Pure, AllTypesMatch<["mask", "result"]>,
                               DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the positions that the rows of the mask's sequences hold of a history: [B,P]";
  let description = [{
    Where the mask begins or continues the history, its own tokens are among
    them, the last ones; P is the most that a sequence holds.
    C1 the history is declared.
    ```mlir
    %all = xf.held @text of %new : tensor<?x?xi1>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$history, Xf_Mask:$mask);
  let results = (outs Xf_Mask:$result);
  let assemblyFormat = "$history `of` $mask attr-dict `:` type($mask)";
}

def Xf_AppendOp : Xf_Op<"append", [RunsOn<"Append">, MemoryEffects<[MemWrite]>, AllTypesMatch<["cache", "result"]>]> {
  let summary = "a cache with the vectors of new tokens behind those that it holds";
  let description = [{
    The mask is one that begins or continues the cache's history: its tokens
    take the positions behind what is held, in a history that begins those from
    0 on. The session keeps the result once the function is done.
    C1 x has as many columns as the cache. C2 (of functions, checked where
    layers are flat) a function appends to a cache once, and recalls what it
    appended.
    ```mlir
    %now = xf.append %kv to %cache where %new : tensor<?x?x1536xf32> to !xf.cache<1536xf32> where tensor<?x?xi1>
    %all = xf.held @text of %new : tensor<?x?xi1>
    %k = xf.recall %now where %all : !xf.cache<1536xf32> where tensor<?x?xi1> -> tensor<?x?x1536xf32>
    ```
  }];
  let arguments = (ins Xf_Sequence:$x, Xf_CacheType:$cache, Xf_Mask:$mask);
  let results = (outs Xf_CacheType:$result);
  let assemblyFormat = [{
    $x `to` $cache `where` $mask attr-dict `:` type($x) `to` type($cache) `where` type($mask)
  }];
  let hasVerifier = 1;
}

def Xf_RecallOp : Xf_Op<"recall", [Pure]> {
  let summary = "what a cache holds of each position: [B,P,D]";
  let description = [{
    Keys or values of an attention. The mask is what is held (`xf.held`) of the
    cache's history.
    C1 the result has as many columns as the cache.
  }];
  let arguments = (ins Xf_CacheType:$cache, Xf_Mask:$mask);
  let results = (outs Xf_Sequence:$result);
  let assemblyFormat = "$cache `where` $mask attr-dict `:` type($cache) `where` type($mask) `->` type($result)";
  let hasVerifier = 1;
}

#endif // PTX_XF_STATE
