"""Runs a command that may make only some system calls, as systemd does: confine.py ACTION CALL,CALL,… COMMAND…"""

import ctypes
import os
import sys

action, names, *command = sys.argv[1:]
allow = ctypes.c_uint32(0x7FFF0000)
# KILL_PROCESS, and ERRNO with EPERM.
others = ctypes.c_uint32({"kill": 0x80000000, "EPERM": 0x00050001}[action])

# systemd itself needs this library.
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
rules = ctypes.c_void_p(seccomp.seccomp_init(others))
for name in names.split(","):
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    # Calls of other processors have negative numbers.
    if number >= 0:
        seccomp.seccomp_rule_add(rules, allow, number, 0)
if seccomp.seccomp_load(rules) != 0:
    sys.exit("the filter cannot be loaded")
os.execvp(command[0], command)
