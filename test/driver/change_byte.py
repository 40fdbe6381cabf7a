"""change_byte.py FILE PLACE OUT: a copy with another byte at that place, from the end where it is negative."""
import pathlib, sys

data = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
data[int(sys.argv[2])] ^= 1
pathlib.Path(sys.argv[3]).write_bytes(data)
