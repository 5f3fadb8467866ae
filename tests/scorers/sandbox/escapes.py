"""Programs that try to get out: to files, processes, the network, the kernel, this machine.

Each leaves a mark where it succeeds: it writes OUTSIDE, or raises no exception.
"""

from __future__ import annotations

GOOD = "\ndef f(x): return x + 1\n"

WRITES = {
    "renames a file of its own": "open('a', 'w').write('x')\nos.rename('a', 'OUTSIDE')",
    "replaces a file": "open('a', 'w').write('x')\nos.replace('a', 'OUTSIDE')",
    "opens by the descriptor of a folder": (
        "d = os.open('FOLDER', os.O_RDONLY)\n"
        "os.write(os.open('outside', os.O_WRONLY | os.O_CREAT, dir_fd=d), b'x')"
    ),
    "makes a folder": "os.mkdir('OUTSIDE')",
    "makes a folder by a descriptor": (
        "os.mkdir('outside', dir_fd=os.open('FOLDER', os.O_RDONLY))"
    ),
    "writes a database": (
        "import sqlite3\nc = sqlite3.connect('OUTSIDE')\n"
        "c.execute('create table a (b)')\nc.commit()"
    ),
    "calls the C library": "import ctypes\nctypes.CDLL(None).creat(b'OUTSIDE', 0o600)",
    "starts a shell by the C library": (
        "import ctypes\nctypes.CDLL(None).system(b'echo x > OUTSIDE')"
    ),
    "starts a shell": "os.system('echo x > OUTSIDE')",
    "starts a program": "import subprocess\nsubprocess.run(['touch', 'OUTSIDE'])",
    "spawns a program": "os.posix_spawn('/usr/bin/touch', ['touch', 'OUTSIDE'], {})",
    "leaves a process behind": (
        "import ctypes\nc = ctypes.CDLL(None)\nif c.fork() == 0:\n    c.setsid()\n    c.sleep(1)\n"
        "    c.creat(b'OUTSIDE', 0o600)\n    c._exit(0)"
    ),
    "links a file": "open('a', 'w').write('x')\nos.link('a', 'OUTSIDE')",
    "writes through a link": "os.symlink('OUTSIDE', 'b')\nopen('b', 'w').write('x')",
    "uses another interpreter": (
        "import _xxsubinterpreters as s\n"
        "s.run_string(s.create(), \"open('OUTSIDE', 'w').write('x')\")"
    ),
    "uses the raw open of io": "import _io\n_io.FileIO('OUTSIDE', 'w').write(b'x')",
    "copies a secret out": "open('OUTSIDE', 'w').write(open('SECRET').read())",
    "truncates": "os.truncate('OUTSIDE', 0)",
    "maps a file": (
        "import mmap\nd = os.open('OUTSIDE', os.O_RDWR | os.O_CREAT)\nos.ftruncate(d, 9)\n"
        "mmap.mmap(d, 9)[:1] = b'x'"
    ),
    "makes a pipe": "os.mkfifo('OUTSIDE')",
    "binds a socket": (
        "import socket\nsocket.socket(socket.AF_UNIX).bind('OUTSIDE')"
    ),
    "runs a program that it has in memory": (
        "import ctypes\nd = os.memfd_create('p')\nos.write(d, b'#!/bin/sh\\necho x > OUTSIDE\\n')\n"
        "os.execve(d, ['p'], {})"
    ),
    "asks its own root": "os.chdir('/proc/1/root')\nopen('OUTSIDE'[1:], 'w').write('x')",
    "climbs by a descriptor it was left": (
        "for d in range(64):\n    try:\n        os.fchdir(d)\n"
        "        open('outside', 'w').write('x')\n    except OSError: pass"
    ),
}  # fmt: skip

CALL = "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"
NO = "\nif r != -1: raise SystemExit('escaped')\nraise OSError(ctypes.get_errno(), 'refused')"

RAISES = {
    "reads a secret": "open('SECRET').read()",
    "lists the folder of the project": "os.listdir('FOLDER')",
    "reads the home": "os.listdir(os.environ.get('HOME_OF_USER', '/root') + '/.ssh/..')",
    "reads the passwords": "open('/etc/passwd').read()",
    "reads the environment of a process": "open('/proc/1/environ', 'rb').read()",
    "reads the memory of a process": "open('/proc/self/mem', 'rb')",
    "opens a socket": "import socket\nsocket.socket()",
    "opens a socket of the machine": "import socket\nsocket.socket(socket.AF_UNIX)",
    "opens a socket of the kernel": "import socket\nsocket.socket(socket.AF_NETLINK, 3)",
    "forks": "os.fork()",
    "forks by another call": f"{CALL}r = c.syscall(CLONE, 17, 0, 0, 0, 0){NO}",
    "signals every process": "os.kill(-1, 0)",
    "signals its parent": "import signal\nos.kill(os.getppid(), signal.SIGTERM)",
    "makes a user namespace": f"{CALL}r = c.unshare(0x10000000){NO}",
    "mounts": f"{CALL}r = c.mount(b'none', b'/tmp', b'tmpfs', 0, None){NO}",
    "changes the root": "os.chroot('/tmp')",
    "traces": f"{CALL}r = c.ptrace(0, 0, 0, 0){NO}",
    "reads another process": f"{CALL}r = c.process_vm_readv(1, None, 0, None, 0, 0){NO}",
    "loads a program into the kernel": f"{CALL}r = c.syscall(BPF, 0, 0, 0){NO}",
    "asks for io_uring": f"{CALL}r = c.syscall(425, 8, b' ' * 120){NO}",
    "adds a key": f"{CALL}r = c.syscall(ADD_KEY, b'user', b'a', b'b', 1, -3){NO}",
    "shares memory with the machine": f"{CALL}r = c.shmget(0x4321, 4096, 0o1666){NO}",
    "changes the mode of a file": "os.chmod('/usr/lib', 0o777)",
    "changes the times of a file": "os.utime('/usr/lib')",
    "changes the limits of another process": (
        "import resource\nresource.prlimit(1, resource.RLIMIT_CPU)"
    ),
    "raises its own limits": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))\n"
        "bytearray(1 << 34)"
    ),
    "calls what the filter has not seen": f"{CALL}r = c.syscall(471){NO}",
    "takes too much memory": "x = bytearray(10**10)",
    "writes a large file": "open('big', 'wb').write(b'x' * 2_000_000)",
    "fills the folder": (
        "for i in range(40):\n    with open(f'f{i}', 'wb') as f: f.write(b'x' * 1_000_000)"
    ),
    "fills another folder": "open('/dev/shm/a', 'w').write('x')",
    "opens a thousand files": "x = [open('/dev/null') for _ in range(1000)]",
    "starts ten thousand threads": (
        "import threading, time\nfor _ in range(10000):\n"
        "    threading.Thread(target=time.sleep, args=[60], daemon=True).start()"
    ),
}  # fmt: skip
"""Programs that raise an exception where the sandbox holds."""

OLD_CALLS = """
import ctypes, mmap
code = bytes.fromhex('b802000000cd80c3')  # the 32-bit call for fork
m = mmap.mmap(-1, 4096, prot=7)
m.write(code)
r = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
"""
