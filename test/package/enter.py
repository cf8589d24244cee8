"""Runs a command in a chroot with a network of its own (only loopback) and its own /proc: enter.py ROOT COMMAND...
To be started by unshare --mount --pid --net --fork."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    flags = struct.unpack("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
    fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
root = sys.argv[1]
subprocess.run(["mount", "-t", "proc", "proc", f"{root}/proc"], check=True)
os.chroot(root)
os.chdir("/")
os.execvp(sys.argv[2], sys.argv[2:])
