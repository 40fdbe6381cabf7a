"""The part of ptx.h that generating text needs, by ctypes: a program, its parameters under an adapter, a session."""
import ctypes as C
import pathlib

class Tensor(C.Structure):
    """ptx_tensor"""
    _fields_ = [("name", C.c_char_p), ("dtype", C.c_int), ("rank", C.c_uint32), ("dims", C.c_uint64 * 3), ("data", C.c_void_p)]

class Options(C.Structure):
    """ptx_generate_options"""
    _fields_ = [("struct_size", C.c_size_t), ("max_new_tokens", C.c_uint64), ("min_new_tokens", C.c_uint64),
                ("eos_ids", C.POINTER(C.c_int64)), ("eos_count", C.c_size_t), ("pad_id", C.c_int64),
                ("start_id", C.c_int64), ("forced_first_id", C.c_int64),
                ("forced_last_ids", C.POINTER(C.c_int64)), ("forced_last_count", C.c_size_t),
                ("bad_words", C.POINTER(C.c_int64)), ("bad_word_lengths", C.POINTER(C.c_size_t)), ("bad_word_count", C.c_size_t),
                ("repetition_penalty", C.c_double), ("no_repeat_ngram_size", C.c_uint64),
                ("beams", C.c_uint32), ("length_penalty", C.c_double), ("early_stopping", C.c_int),
                ("sample", C.c_int32), ("temperature", C.c_double), ("top_k", C.c_uint64), ("top_p", C.c_double), ("seed", C.c_uint64)]

I64 = 2
TokenFn = C.CFUNCTYPE(C.c_int, C.c_void_p, C.c_size_t, C.c_int64)
library = C.CDLL(str(pathlib.Path(__file__).resolve().parents[2] / "build/lib/libptx.so"))
library.ptx_status_message.restype = C.c_char_p
library.ptx_status_message.argtypes = library.ptx_status_free.argtypes = [C.c_void_p]

class Error(Exception):
    """What a status says."""

def check(status, *_):
    if status:
        message = library.ptx_status_message(status).decode()
        library.ptx_status_free(status)
        raise Error(message)

for function in ("program_open", "binding_create", "session_open", "program_generation", "session_generate"):
    call = getattr(library, f"ptx_{function}")
    call.restype, call.errcheck = C.c_void_p, check

class Model:
    """A program with its parameters under one adapter, or under none, and a session of it."""

    def __init__(self, path, adapter="none"):
        self.program, self.binding, self.session = C.c_void_p(), C.c_void_p(), C.c_void_p()
        try:
            library.ptx_program_open(str(path).encode(), None, C.byref(self.program))
            library.ptx_binding_create(self.program, adapter.encode(), C.byref(self.binding))
            library.ptx_session_open(self.binding, C.byref(self.session))
        except Error:
            self.close()
            raise

    def close(self):
        library.ptx_session_close(self.session)
        library.ptx_binding_release(self.binding)
        library.ptx_program_close(self.program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def generate(self, prompt_ids, chosen, stop_ids=(), rows=1, **wanted):
        """Tells `chosen` each new id as it is known. `prompt_ids` holds so many rows, one behind the other. What `wanted` does
        not name stays as the program fills it."""
        options = Options(C.sizeof(Options))
        library.ptx_program_generation(self.program, C.byref(options))
        for name, value in wanted.items():
            setattr(options, name, value)
        ends = options.eos_ids[:options.eos_count] + list(stop_ids)
        options.eos_ids, options.eos_count = (C.c_int64 * len(ends))(*ends), len(ends)
        ids = (C.c_int64 * len(prompt_ids))(*prompt_ids)
        prompt = Tensor(b"input_ids", I64, 2, (rows, len(prompt_ids) // rows), C.addressof(ids))
        outputs, count = C.c_void_p(), C.c_size_t()

        failed = []

        @TokenFn
        def tell(_, row, token):
            try:
                chosen(token)
            except Exception as error:                       # C cannot pass it on: it ends the generation instead
                failed.append(error)
            return len(failed)

        try:
            library.ptx_session_generate(self.session, C.byref(options), C.byref(prompt), C.c_size_t(1), tell, None,
                                         C.byref(outputs), C.byref(count))
        except Error as error:
            raise failed[0] if failed else error
