#!/usr/bin/env python3
"""usage: open_device.py LIBPTX PROGRAM DEVICE    opens a program on a device from Python, by ctypes"""
import ctypes, sys


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("parameters", ctypes.c_char_p), ("level", ctypes.c_char_p),
                ("device", ctypes.c_char_p), ("threads", ctypes.c_uint32), ("log", ctypes.c_void_p), ("log_user", ctypes.c_void_p)]


ptx = ctypes.CDLL(sys.argv[1])
ptx.ptx_program_open.restype = ctypes.c_void_p
ptx.ptx_status_message.restype = ctypes.c_char_p
ptx.ptx_program_level.restype = ctypes.c_char_p
options, program = Options(device=sys.argv[3].encode()), ctypes.c_void_p()
options.struct_size = ctypes.sizeof(options)
status = ptx.ptx_program_open(sys.argv[2].encode(), ctypes.byref(options), ctypes.byref(program))
if status:
    sys.exit(ptx.ptx_status_message(ctypes.c_void_p(status)).decode())
print(ptx.ptx_program_level(program).decode())
