; out = in transposed, n x m, by tiles of 16 x 16 with a column of padding.
target triple = "nvptx64-nvidia-cuda"
@tile = internal addrspace(3) global [16 x [17 x float]] undef, align 4
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)

define ptx_kernel void @transpose(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %n, i32 %m) {
entry:
  %tx = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %ty = call i32 @llvm.nvvm.read.ptx.sreg.tid.y()
  %bx = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %by = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
  %x0 = mul i32 %bx, 16
  %y0 = mul i32 %by, 16
  %x = add i32 %x0, %tx
  %y = add i32 %y0, %ty
  %inX = icmp ult i32 %x, %m
  %inY = icmp ult i32 %y, %n
  %in1 = and i1 %inX, %inY
  br i1 %in1, label %read, label %meet
read:
  %row = mul i32 %y, %m
  %i = add i32 %row, %x
  %from = getelementptr float, ptr addrspace(1) %in, i32 %i
  %v = load float, ptr addrspace(1) %from
  %put = getelementptr [16 x [17 x float]], ptr addrspace(3) @tile, i32 0, i32 %ty, i32 %tx
  store float %v, ptr addrspace(3) %put
  br label %meet
meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %u = add i32 %y0, %tx
  %w = add i32 %x0, %ty
  %inU = icmp ult i32 %u, %n
  %inW = icmp ult i32 %w, %m
  %in2 = and i1 %inU, %inW
  br i1 %in2, label %write, label %end
write:
  %get = getelementptr [16 x [17 x float]], ptr addrspace(3) @tile, i32 0, i32 %tx, i32 %ty
  %g = load float, ptr addrspace(3) %get
  %orow = mul i32 %w, %n
  %o = add i32 %orow, %u
  %to = getelementptr float, ptr addrspace(1) %out, i32 %o
  store float %g, ptr addrspace(1) %to
  br label %end
end:
  ret void
}
