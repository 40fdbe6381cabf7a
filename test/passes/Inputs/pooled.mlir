// Values of a sequence: first tokens and means, in a layer, joined, given out.
xf.weight @words : !xf.weight<9x8xf32>

func.func private @head(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = xf.activation tanh %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

xf.function @forward {
  %ids = xf.input "input_ids" ["B", "S"] limit 9 : tensor<?x?xi64>
  %mask = xf.input "mask" ["B", "S"] : tensor<?x?xi1>
  %m = xf.visible %mask max_length 9 keep_first : tensor<?x?xi1> -> tensor<?x?xi1>
  %e = xf.use @words : !xf.weight<9x8xf32>
  %x = xf.embedding %ids, %e where %m : tensor<?x?xi64>, !xf.weight<9x8xf32>, tensor<?x?xi1> -> tensor<?x?x8xf32>
  %y = xf.wave -> tensor<?x?x8xf32> {
    %n = xf.layer_norm %x eps 1.0e-5 : tensor<?x?x8xf32>
    xf.yield %n : tensor<?x?x8xf32>
  }
  %first = xf.first_token %y where %m : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  %mean = xf.pool mean %y where %m : tensor<?x?x8xf32>, tensor<?x?xi1> -> tensor<?x8xf32>
  %h = func.call @head(%mean) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %both = xf.concat %first, %h : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x16xf32>
  %unit = xf.l2_normalize %both : tensor<?x16xf32>
  xf.output "pooled" %unit : tensor<?x16xf32>
}
