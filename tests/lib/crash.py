# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a disk holds when the power goes: a trace of a process's writes, syncs
and renames, replayed up to any moment with all dropped that was not synced.

A file's octets last once the file was synced, as they were when the sync began;
a name in a folder lasts once the folder was synced. Nothing else lasts, which
is less than any file system keeps.
"""
import os
import re

CALLS = ("openat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,"
         "renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat,sendmsg,link,"
         "linkat,fallocate,copy_file_range,sendfile,rmdir,symlinkat")
COMMAND = ["strace", "-f", "-yy", "-xx", "-s", "4000000", "-e",
           "trace=" + CALLS]

LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
FD = re.compile(r"^(?:\d+|AT_FDCWD)<([^>]*)>")
PEER = re.compile(r"^\d+<TCP:\[[^>]*->[\d.]+:(\d+)\]>")


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def strings(text):
    """The quoted strings of the arguments."""
    return [unhex(s) for s in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', text)]


class File:
    def __init__(self, octets=b""):
        self.now = bytearray(octets)
        self.synced = None


class Folder:
    def __init__(self):
        self.now = {}
        self.synced = {}


class Disk:
    """The folder `root` as it was, which lasts, and what happened since."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.top = self._read(self.root)
        self.begun = {}

    def _read(self, path):
        folder = Folder()
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                node = self._read(entry.path)
            else:
                with open(entry.path, "rb") as f:
                    node = File(f.read())
                node.synced = bytes(node.now)
            folder.now[entry.name] = node
        folder.synced = dict(folder.now)
        return folder

    def parts(self, path):
        """None: it is not beneath the root."""
        if path != self.root and not path.startswith(self.root + "/"):
            return None
        return [p for p in path[len(self.root):].split("/") if p]

    def find(self, path):
        node = self.top
        parts = self.parts(path)
        if parts is None:
            return None
        for part in parts:
            node = node.now.get(part) if isinstance(node, Folder) else None
        return node

    def parent(self, path):
        folder, _, name = path.rpartition("/")
        return self.find(folder), name

    def create(self, path, node):
        folder, name = self.parent(path)
        if folder is not None and name not in folder.now:
            folder.now[name] = node

    def remove(self, path):
        folder, name = self.parent(path)
        if folder is not None:
            folder.now.pop(name, None)

    def rename(self, old, new):
        node = self.find(old)
        if node is None:
            return
        self.remove(old)
        folder, name = self.parent(new)
        if folder is not None:
            folder.now[name] = node

    def link(self, old, new):
        node = self.find(old)
        if node is not None:
            self.create(new, node)

    def begin_sync(self, pid, path):
        node = self.find(path)
        if isinstance(node, File):
            self.begun[pid] = (node, bytes(node.now))
        elif isinstance(node, Folder):
            self.begun[pid] = (node, dict(node.now))

    def end_sync(self, pid):
        node, state = self.begun.pop(pid, (None, None))
        if node is not None:
            node.synced = state

    def write_out(self, target, folder=None):
        """What lasts, as files beneath `target`."""
        folder = folder or self.top
        os.makedirs(target, exist_ok=True)
        for name, node in folder.synced.items():
            path = os.path.join(target, name)
            if isinstance(node, Folder):
                self.write_out(path, node)
            else:
                with open(path, "wb") as f:
                    f.write(node.synced or b"")


def resolve(arguments, index_of_string, values):
    """A path of an at-call: the folder's descriptor and a string."""
    fds = re.findall(r"(?:^|, )(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>",
                     arguments)
    name = values[index_of_string].decode()
    if name.startswith("/") or not fds:
        return name
    base = unhex(fds[min(index_of_string, len(fds) - 1)]).decode()
    return os.path.join(base, name)


class Trace:
    """Feeds a trace's lines to a disk. `acknowledged` grows by the peer's port
    with each reply that holds `reply`."""

    def __init__(self, path, disk, reply):
        with open(path, encoding="ascii", errors="replace") as f:
            self.lines = f.read().splitlines()
        self.disk = disk
        self.reply = reply
        self.acknowledged = []
        self.open_calls = {}

    def step(self, line):
        """TRUE: the line changed what lasts, or what was said."""
        m = LINE.match(line)
        if not m:
            return False
        pid, resumed, tail, call, rest = m.groups()
        if resumed:
            call, begun = self.open_calls.pop(pid, (resumed, ""))
            return self.finish(pid, call, begun + tail)
        if rest.endswith("<unfinished ...>"):
            rest = rest[:-len("<unfinished ...>")]
            self.open_calls[pid] = (call, rest)
            return self.begin(pid, call, rest)
        changed = self.begin(pid, call, rest)
        return self.finish(pid, call, rest) or changed

    def begin(self, pid, call, rest):
        if call in ("fsync", "fdatasync"):
            m = FD.match(rest)
            if m:
                self.disk.begin_sync(pid, unhex(m[1]).decode())
        elif call == "sendmsg":
            m = PEER.match(rest)
            n = sum(s.count(self.reply) for s in strings(rest))
            if m and n:
                self.acknowledged += [int(m[1])] * n
                return True
        return False

    def finish(self, pid, call, rest):
        m = re.search(r"\) += (-?\d+)", rest)
        if not m or int(m[1]) < 0:
            self.disk.begun.pop(pid, None)
            return False
        result = int(m[1])
        act = getattr(self, "on_" + call, None)
        if call in ("fsync", "fdatasync"):
            self.disk.end_sync(pid)
        elif act is not None:
            act(rest, result)
        elif call != "sendmsg":
            raise NotImplementedError(f"{call}({rest[:200]}")
        return call != "sendmsg"

    def node(self, rest):
        m = FD.match(rest)
        path = unhex(m[1]).decode() if m and "\\x" in m[1] else ""
        return self.disk.find(path) if path else None

    def put(self, node, offset, octets):
        if not isinstance(node, File):
            return
        end = offset + len(octets)
        if len(node.now) < end:
            node.now.extend(bytes(end - len(node.now)))
        node.now[offset:end] = octets

    def on_openat(self, rest, _):
        path = resolve(rest, 0, strings(rest.split(") = ")[0]))
        node = self.disk.find(path)
        if "O_CREAT" in rest and node is None:
            self.disk.create(path, File())
        elif "O_TRUNC" in rest and isinstance(node, File):
            node.now = bytearray()

    def on_write(self, rest, n):
        node = self.node(rest)
        if isinstance(node, File):
            # files are written from their start to their end
            self.put(node, len(node.now), strings(rest)[0][:n])

    def on_writev(self, rest, n):
        node = self.node(rest)
        if isinstance(node, File):
            self.put(node, len(node.now), b"".join(strings(rest))[:n])

    def on_pwrite64(self, rest, n):
        offset = int(re.search(r", (\d+) *\) += ", rest)[1])
        self.put(self.node(rest), offset, strings(rest)[0][:n])

    def on_ftruncate(self, rest, _):
        node = self.node(rest)
        size = int(re.search(r", (\d+) *\) += ", rest)[1])
        if isinstance(node, File):
            del node.now[size:]
            node.now.extend(bytes(size - len(node.now)))

    def on_fallocate(self, rest, _):
        pass

    def on_mkdirat(self, rest, _):
        self.disk.create(resolve(rest, 0, strings(rest)), Folder())

    def on_mkdir(self, rest, _):
        self.disk.create(strings(rest)[0].decode(), Folder())

    def on_unlink(self, rest, _):
        self.disk.remove(strings(rest)[0].decode())

    def on_unlinkat(self, rest, _):
        self.disk.remove(resolve(rest, 0, strings(rest)))

    def on_renameat2(self, rest, _):
        values = strings(rest)
        self.disk.rename(resolve(rest, 0, values), resolve(rest, 1, values))

    on_renameat = on_renameat2

    def on_linkat(self, rest, _):
        values = strings(rest)
        self.disk.link(resolve(rest, 0, values), resolve(rest, 1, values))

    def on_rename(self, rest, _):
        old, new = strings(rest)[:2]
        self.disk.rename(old.decode(), new.decode())
