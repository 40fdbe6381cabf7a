"""The arms of bench.py: ptx and its peers, each made of (model, dtype, folder) where `supports` says that it can be.

`load` takes inputs and a number of threads, `result` is the output as a tensor, `time` the median milliseconds of calls for
about so many seconds. Peers convert in `__init__`, from the module or from its directory folder / "model", and keep one
compiled program for each number of threads.
"""
import json, statistics, subprocess, time, warnings
# CTranslate2 before PyTorch, so that each has its own libgomp: in a shared one the threads of both outnumber the processors, and
# its barriers then hardly spin.
import ctranslate2
import numpy, onnxruntime, openvino, torch, transformers
from safetensors.torch import load_file, save_file
from machine import BINARIES, HAS_BF16
from models import Bert

warnings.filterwarnings("ignore", "(?s).*(torch.jit.trace|legacy TorchScript)", module="torch")
torch.backends.mha.set_fastpath_enabled(True)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def median_ms(call, seconds):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


class InProcess:
    """What `call` does is timed; f32 unless a peer says more."""

    @staticmethod
    def supports(model, dtype):
        return dtype == "f32"

    def time(self, seconds):
        return {"median_ms": median_ms(self.call, seconds)}


class Torch(InProcess):
    """Eager, in inference mode."""

    def __init__(self, model, dtype, folder):
        self.model = model

    def load(self, inputs, threads):
        torch.set_num_threads(threads)
        self.inputs = inputs

    def call(self):
        return self.model(**self.inputs)

    def result(self):
        return self.call()


class OpenVino(InProcess):
    """One stream for latency; the precision that it says it computes in is checked."""

    @staticmethod
    def supports(model, dtype):
        return dtype == "f32" or HAS_BF16

    def __init__(self, model, dtype, folder):
        self.dtype, self.compiled = dtype, {}
        self.converted = openvino.convert_model(model.exportable(), example_input=model.inputs(2, 16))

    def load(self, inputs, threads):
        if threads not in self.compiled:
            self.compiled[threads] = openvino.Core().compile_model(self.converted, "CPU", {
                "INFERENCE_PRECISION_HINT": self.dtype, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"})
        effective = self.compiled[threads].get_property("INFERENCE_PRECISION_HINT").get_type_name()
        assert effective == self.dtype, f"OpenVINO computes in {effective}, asked for {self.dtype}"
        self.request, self.inputs = self.compiled[threads].create_infer_request(), [tensor.numpy() for tensor in inputs.values()]

    def call(self):
        return self.request.infer(self.inputs, share_inputs=True, share_outputs=True)[0]

    def result(self):
        return torch.from_numpy(self.call().copy())


class OnnxRuntime(InProcess):
    """Its own graph optimisations, all of them, on what torch.onnx's tracing exporter writes. For BERT the graphs of the newer
    exporter and of onnxruntime.transformers.optimizer (Attention or MultiHeadAttention in place of six operations) were no faster."""

    def __init__(self, model, dtype, folder):
        self.file, self.sessions = folder / "model.onnx", {}
        inputs = model.inputs(2, 16)
        torch.onnx.export(model.exportable(), tuple(inputs.values()), self.file, input_names=list(inputs), opset_version=17,
                          dynamo=False, dynamic_axes={name: {0: "batch", 1: f"length of {name}"} for name in inputs})

    def load(self, inputs, threads):
        if threads not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
            options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
            self.sessions[threads] = onnxruntime.InferenceSession(self.file, options, providers=["CPUExecutionProvider"])
        self.session, self.inputs = self.sessions[threads], {name: tensor.numpy() for name, tensor in inputs.items()}

    def call(self):
        return self.session.run(None, self.inputs)[0]

    def result(self):
        return torch.from_numpy(self.call())


class CTranslate2(InProcess):
    """ctranslate2.Encoder, converted from the model's directory. It has no call that returns an encoder-decoder's logits."""
    TYPES = {"f32": "float32", "bf16": "bfloat16"}

    @classmethod
    def supports(cls, model, dtype):
        return isinstance(model, Bert) and cls.TYPES[dtype] in ctranslate2.get_supported_compute_types("cpu")

    def __init__(self, model, dtype, folder):
        self.type, self.encoders = self.TYPES[dtype], {}
        self.folder = ctranslate2.converters.TransformersConverter(str(folder / "model")).convert(str(folder / f"ctranslate2-{dtype}"))

    def load(self, inputs, threads):
        if threads not in self.encoders:
            self.encoders[threads] = ctranslate2.Encoder(self.folder, compute_type=self.type, intra_threads=threads, inter_threads=1)
        self.encoder, ids = self.encoders[threads], inputs["input_ids"].numpy().astype(numpy.int32)
        assert self.encoder.compute_type == self.type, f"CTranslate2 computes in {self.encoder.compute_type}, asked for {self.type}"
        self.inputs = [ctranslate2.StorageView.from_array(array) for array in (ids, numpy.full(len(ids), ids.shape[1], numpy.int32))]

    def call(self):
        return self.encoder.forward_batch(*self.inputs).last_hidden_state

    def result(self):
        return torch.from_numpy(numpy.array(self.call())).float()


class Ptx:
    """ptx-compile once, then a process of ptx-run for each block; `time` returns all that `ptx-run --bench` reports."""
    binaries = BINARIES

    @staticmethod
    def supports(model, dtype):
        return dtype == "f32" or HAS_BF16

    def __init__(self, model, dtype, folder):
        self.program, self.file, self.out = folder / f"{dtype}.ptxm", folder / "in.safetensors", folder / "out.safetensors"
        subprocess.run([self.binaries / "ptx-compile", folder / "model", f"--dtype={dtype}", "-o", self.program], check=True, capture_output=True)

    def load(self, inputs, threads):
        self.threads, self.runs = threads, 3
        save_file(inputs, self.file)

    def result(self):
        subprocess.run([self.binaries / "ptx-run", self.program, "--inputs", self.file, "--outputs", self.out], check=True)
        return next(iter(load_file(self.out).values()))

    def time(self, seconds):
        done = subprocess.run([self.binaries / "ptx-run", self.program, "--inputs", self.file, "--bench", f"--runs={self.runs}",
                               f"--threads={self.threads}"], capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout.splitlines()[-1])
        self.runs = max(3, min(200, int(1e3 * seconds / measured["median_ms"])))
        return measured


ARMS = {"PyTorch": Torch, "OpenVINO": OpenVino, "ONNX Runtime": OnnxRuntime, "CTranslate2": CTranslate2, "ptx": Ptx}
