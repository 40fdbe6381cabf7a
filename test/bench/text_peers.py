"""The arms of generate.py: ptx and its peers, each made of (model, dtype, folder) where `supports` says that it can be.

`load` takes inputs and a number of threads, `ids` are the new ids of a greedy generation [B,N], `time` its medians in
milliseconds over about so many seconds: `prefill_ms` until the first ids are known, `step_ms` from then on from ids to ids,
`whole_ms` of all. Peers convert in `__init__` and load again for each point.
"""
import json, statistics, subprocess, time, warnings
import ctranslate2  # before PyTorch, see peers.py
import numpy, onnxruntime, torch, transformers
import llama_cpp  # behind PyTorch, whose libgomp it shares: both are called on this thread, and have the same workers
from safetensors.torch import load_file, save_file
from ctranslate2_spec import words, write_ctranslate2
from gguf_file import write_gguf
from machine import BINARIES, HAS_BF16
from text_models import Begin, Gpt2, Step

warnings.filterwarnings("ignore", "(?s).*(torch.jit.trace|legacy TorchScript|Converting a tensor)", module="text_models|torch")
transformers.logging.disable_progress_bar()


class InProcess:
    """`generate` calls `note` whenever ids are known, and gives them all [B,N]; f32 unless a peer says more."""

    @staticmethod
    def supports(model, dtype):
        return dtype == "f32"

    def ids(self):
        return torch.as_tensor(numpy.asarray(self.generate(lambda: None)))

    def time(self, seconds):
        first, later, whole, end = [], [], [], time.perf_counter() + seconds
        while not first or time.perf_counter() < end:
            stamps = [time.perf_counter()]
            self.generate(lambda: stamps.append(time.perf_counter()))
            gaps = [after - before for before, after in zip(stamps, stamps[1:])]
            first.append(gaps[0])
            later += gaps[1:]
            whole.append(stamps[-1] - stamps[0])
        return {name: 1e3 * statistics.median(times) for name, times in (("prefill_ms", first), ("step_ms", later), ("whole_ms", whole))}


class Torch(InProcess):
    """Eager, in inference mode, with its keys and values cached: of GPT-2 by Transformers' own module and cache, without its
    `generate`, which takes longer."""

    def __init__(self, model, dtype, folder):
        self.model = model

    def load(self, inputs, threads):
        torch.set_num_threads(threads)
        self.inputs = inputs

    def steps(self):
        """A function that reads ids behind those before and gives the logits behind the last."""
        if isinstance(self.model, Gpt2):
            cache = transformers.DynamicCache(config=self.model.module.config)
            return lambda ids: self.model.module(ids, past_key_values=cache, logits_to_keep=1).logits[:, 0]
        fixed, past = self.model.begin(self.inputs), self.model.nothing_cached(len(self.inputs))

        def step(ids):
            nonlocal past
            logits, past = self.model.step(ids, fixed, past)
            return logits
        return step

    def generate(self, note):
        step, ids, new = self.steps(), self.model.prompt(self.inputs), []
        for _ in range(self.model.new_ids):
            ids = step(ids).argmax(1, keepdim=True)
            new.append(ids)
            note()
        return torch.cat(new, 1)


class OnnxRuntime(InProcess):
    """Graphs of a step, with what is cached as its inputs and outputs, and of what comes before, written by torch.onnx's tracing
    exporter; its own graph optimisations, all of them. Tensors stay in its memory from step to step, by an IO binding."""

    def __init__(self, model, dtype, folder):
        self.model, self.folder = model, folder
        inputs = model.inputs(2, 16)
        fixed, past = model.begin(inputs), [torch.zeros(2, model.heads, 3, model.d // model.heads) for _ in range(2 * model.layers)]
        self.fixed_names, self.past_names, self.present_names = ([f"{kind}{i}" for i in range(len(tensors))] for kind, tensors in
                                                                 (("fixed", fixed), ("past", past), ("present", past)))
        if fixed:
            self.export("begin", Begin(model), {"ids": inputs}, self.fixed_names)
        cached = dict(zip(self.fixed_names + self.past_names, (*fixed, *past)))
        self.export("step", Step(model, len(fixed)), {"ids": model.prompt(inputs), **cached}, ["logits", *self.present_names])

    def export(self, name, module, inputs, outputs):
        axes = {name: {0: "batch", tensor.dim() // 2: f"length of {name}"} for name, tensor in inputs.items()}  # [B,S], [B,H,T,D/H]
        torch.onnx.export(module.eval(), tuple(inputs.values()), self.folder / f"{name}.onnx", opset_version=17, dynamo=False,
                          input_names=list(inputs), output_names=outputs, dynamic_axes=axes)

    def load(self, inputs, threads):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = lambda name: onnxruntime.InferenceSession(self.folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
        self.begin, self.step, self.inputs = session("begin") if self.fixed_names else None, session("step"), inputs

    @staticmethod
    def run(session, inputs, outputs):
        binding = session.io_binding()
        for name, tensor in inputs.items():
            binding.bind_ortvalue_input(name, tensor)
        for name in outputs:
            binding.bind_output(name, "cpu")
        session.run_with_iobinding(binding)
        return binding.get_outputs()

    def generate(self, note):
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        fixed = self.run(self.begin, {"ids": value(self.inputs.numpy())}, self.fixed_names) if self.begin else []
        past = [value(tensor.numpy()) for tensor in self.model.nothing_cached(len(self.inputs))]
        ids, new = self.model.prompt(self.inputs).numpy(), []
        for _ in range(self.model.new_ids):
            cached = dict(zip(self.fixed_names + self.past_names, (*fixed, *past)))
            logits, *past = self.run(self.step, {"ids": value(ids), **cached}, ["logits", *self.present_names])
            ids = logits.numpy().argmax(1)[:, None]
            new.append(ids)
            note()
        return numpy.concatenate(new, 1)


class CTranslate2(InProcess):
    """A Generator or a Translator. int8: weights rounded when they are loaded, sums in f32."""
    TYPES = {"f32": "float32", "bf16": "bfloat16", "int8": "int8_float32"}

    @classmethod
    def supports(cls, model, dtype):
        return cls.TYPES[dtype] in ctranslate2.get_supported_compute_types("cpu")

    def __init__(self, model, dtype, folder):
        self.model, self.type, self.folder = model, self.TYPES[dtype], folder / "ctranslate2"
        if not self.folder.exists():
            write_ctranslate2(model, self.folder)

    def load(self, inputs, threads):
        kind = ctranslate2.Generator if isinstance(self.model, Gpt2) else ctranslate2.Translator
        self.loaded = kind(str(self.folder), compute_type=self.type, intra_threads=threads, inter_threads=1)
        assert self.loaded.compute_type == self.type, f"CTranslate2 computes in {self.loaded.compute_type}, asked for {self.type}"
        self.texts = [words(row) for row in inputs.tolist()]

    def generate(self, note):
        def told(step):  # of each row, in their order
            if step.batch_id == 0:
                note()
            return False
        count = self.model.new_ids
        if isinstance(self.model, Gpt2):
            results = self.loaded.generate_batch(self.texts, max_length=count, include_prompt_in_result=False, callback=told)
            return [result.sequences_ids[0] for result in results]
        results = self.loaded.translate_batch(self.texts, beam_size=1, max_decoding_length=count, callback=told)
        return [[int(word.removeprefix("word")) for word in result.hypotheses[0]] for result in results]


@llama_cpp.llama_log_callback
def say_nothing(level, text, user):
    pass


class LlamaCpp(InProcess):
    """`llama_decode` on batches of one id of each sequence; logits of the last ids only. Keys and values are kept apart for
    each sequence, in f32, or beside weights in bf16 in f16, its default; flash attention where llama.cpp wants it."""
    CACHES = {"f32": llama_cpp.GGML_TYPE_F32, "bf16": llama_cpp.GGML_TYPE_F16}

    @classmethod
    def supports(cls, model, dtype):
        return isinstance(model, Gpt2) and (dtype == "f32" or dtype == "bf16" and HAS_BF16)

    def __init__(self, model, dtype, folder):
        llama_cpp.llama_log_set(say_nothing, None)
        llama_cpp.llama_backend_init()
        self.model, self.cache, self.context, file = model, self.CACHES[dtype], None, folder / f"{dtype}.gguf"
        write_gguf(model, dtype, file)
        self.loaded = llama_cpp.llama_model_load_from_file(str(file).encode(), llama_cpp.llama_model_default_params())
        assert self.loaded, "llama.cpp does not load the model"

    def load(self, inputs, threads):
        self.free()
        rows, length = inputs.shape
        options = llama_cpp.llama_context_default_params()
        options.n_seq_max, options.kv_unified = rows, False
        options.n_ctx = rows * 256  # room of each sequence for its prompt and new ids, in llama.cpp's steps
        options.n_batch = options.n_ubatch = rows * length
        options.n_threads = options.n_threads_batch = threads
        options.type_k = options.type_v = self.cache
        self.context = llama_cpp.llama_init_from_model(self.loaded, options)
        assert self.context, "llama.cpp makes no context"
        self.batch, self.inputs = llama_cpp.llama_batch_init(rows * length, 0, 1), inputs

    def free(self):
        if self.context:
            llama_cpp.llama_batch_free(self.batch)
            llama_cpp.llama_free(self.context)

    def decode(self, ids, before):
        """The greatest logits' ids behind the last of `ids` [B,S], which stand behind so many places."""
        batch, (rows, length) = self.batch, ids.shape
        batch.n_tokens = rows * length
        for i, token in enumerate(ids.flatten().tolist()):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, before + i % length, 1
            batch.seq_id[i][0], batch.logits[i] = i // length, i % length == length - 1
        failed = llama_cpp.llama_decode(self.context, batch)
        assert not failed, f"llama_decode fails with {failed}"
        logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits(self.context), (rows, self.model.vocabulary))
        return logits.argmax(1)[:, None]

    def generate(self, note):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)
        ids, before, new = self.inputs.numpy(), 0, []
        for _ in range(self.model.new_ids):
            before, ids = before + ids.shape[1], self.decode(ids, before)
            new.append(ids)
            note()
        return numpy.concatenate(new, 1)


class Ptx:
    """ptx-compile once, then a process of `ptx-run --generate --bench` for each block; `time` returns all that it reports."""
    binaries = BINARIES

    @staticmethod
    def supports(model, dtype):
        return dtype == "f32" or dtype == "bf16" and HAS_BF16

    def __init__(self, model, dtype, folder):
        self.count, self.program, self.file, self.out = model.new_ids, folder / f"{dtype}.ptxm", folder / "in.safetensors", folder / "out.safetensors"
        subprocess.run([self.binaries / "ptx-compile", folder / "model", f"--dtype={dtype}", "-o", self.program], check=True, capture_output=True)

    def load(self, inputs, threads):
        self.threads, self.runs = threads, 1
        save_file({"input_ids": inputs}, self.file)

    def run(self, *more):
        return subprocess.run([self.binaries / "ptx-run", self.program, "--generate", "--inputs", self.file, f"--max-new-tokens={self.count}",
                               f"--threads={self.threads}", *more], capture_output=True, text=True, check=True).stdout.splitlines()[-1]

    def ids(self):
        self.run("--outputs", self.out)
        return load_file(self.out)["generated_ids"]

    def time(self, seconds):
        measured = json.loads(self.run("--bench", f"--runs={self.runs}"))
        measured["whole_ms"] = measured.pop("median_ms")
        self.runs = max(1, min(200, int(1e3 * seconds / measured["whole_ms"])))
        return measured


ARMS = {"PyTorch": Torch, "ONNX Runtime": OnnxRuntime, "CTranslate2": CTranslate2, "llama.cpp": LlamaCpp,
        "ptx": Ptx}
