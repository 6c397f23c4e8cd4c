# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other mail servers, run from Debian's packages without installing them: each
is unpacked under the build folder and has a configuration of its own."""
import fcntl
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import tap

SERVICES = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Missing(Exception):
    """The peer cannot be had here; says why."""


def unpack(package):
    """The folder with a package's files, fetched when it is not there."""
    folder = os.path.join(tap.top_builddir(), "peers")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _unpack(folder, package)


def _unpack(folder, package):
    target = os.path.join(folder, package)
    if os.path.isdir(target):
        return target
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Missing("there is no apt-get or dpkg")
    got = subprocess.run(["apt-get", "download", package], cwd=folder,
                         capture_output=True, timeout=300)
    files = [f for f in os.listdir(folder)
             if f.startswith(package + "_") and f.endswith(".deb")]
    if got.returncode != 0 or not files:
        raise Missing(f"apt-get download {package}: "
                      + got.stderr.decode("utf-8", "replace")[-200:])
    subprocess.run(["dpkg", "-x", files[0], target + ".new"], cwd=folder,
                   check=True, timeout=120)
    os.rename(target + ".new", target)
    return target


def check_libraries(program, env=None):
    got = subprocess.run(["ldd", program], capture_output=True, timeout=60,
                         env={**os.environ, **(env or {})})
    missing = [line.split()[0] for line in got.stdout.decode().splitlines()
               if "not found" in line]
    if missing:
        raise Missing(f"{os.path.basename(program)} needs "
                      + ", ".join(missing))


def need_root(name):
    if os.geteuid() != 0:
        raise Missing(f"{name} must be started by root")


class Postfix:
    """Takes mail at `port` and hands it on as `settings` say."""

    def __init__(self, folder, port, settings):
        need_root("Postfix")
        self.folder = folder
        self.port = port
        self.base = unpack("postfix")
        self.libraries = os.path.join(self.base, "usr/lib/postfix")
        self.env = {**os.environ, "LD_LIBRARY_PATH": self.libraries,
                    "MAIL_CONFIG": os.path.join(folder, "etc")}
        check_libraries(os.path.join(self.libraries, "sbin/smtpd"), self.env)
        self.log_path = os.path.join(folder, "mail.log")
        self.process = None
        self._make_folders()
        self._configure(settings)

    def _make_folders(self):
        try:
            owner = pwd.getpwnam("mail").pw_uid
        except KeyError:
            raise Missing("there is no user called mail") from None
        os.chmod(self.folder, 0o755)
        for name in ("etc", "queue", "data", "queue/pid"):
            os.makedirs(os.path.join(self.folder, name))
        for name in ("data", "queue/public", "queue/maildrop",
                     *("queue/" + each for each in (
                         "active bounce corrupt defer deferred flush hold "
                         "incoming private saved trace").split())):
            path = os.path.join(self.folder, name)
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o700)
            os.chown(path, owner, -1)

    def _configure(self, settings):
        lines = {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.folder}/queue",
            "data_directory": f"{self.folder}/data",
            "command_directory": f"{self.base}/usr/sbin",
            "daemon_directory": f"{self.libraries}/sbin",
            "shlib_directory": self.libraries,
            "meta_directory": f"{self.base}/etc/postfix",
            "mail_owner": "mail", "setgid_group": "utmp",
            "myhostname": "postfix.example.org", "mydestination": "",
            "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
            "maillog_file": self.log_path,
            "maillog_file_prefixes": self.folder,
            "import_environment": "MAIL_CONFIG MAIL_LOGTAG TZ LANG=C "
            "POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH="
            + self.libraries,
            "smtpd_relay_restrictions": "permit_mynetworks reject",
            "mynetworks": "127.0.0.0/8",
            "smtpd_client_connection_count_limit": "0",
            "smtp_dns_support_level": "disabled",
            "lmtp_dns_support_level": "disabled",
            "alias_maps": "", "alias_database": "", **settings}
        with open(os.path.join(self.folder, "etc/main.cf"), "w",
                  encoding="utf-8") as f:
            f.writelines(f"{name} = {value}\n"
                         for name, value in lines.items())
        with open(os.path.join(self.folder, "etc/master.cf"), "w",
                  encoding="utf-8") as f:
            f.write(f"127.0.0.1:{self.port} inet n - n - - smtpd\n"
                    + SERVICES)

    def start(self, seconds=30):
        self.process = subprocess.Popen(
            [f"{self.libraries}/sbin/master", "-c", f"{self.folder}/etc",
             "-d"], env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5):
                    return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise Missing("Postfix does not start: " + self.log()[-500:])

    def log(self):
        try:
            with open(self.log_path, "rb") as f:
                return f.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def wait_log(self, text, count=1, seconds=30):
        """Whether the log says `text` so often."""
        end = time.monotonic() + seconds
        while self.log().count(text) < count and time.monotonic() < end:
            time.sleep(0.05)
        return self.log().count(text) >= count

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # its children end a moment after it
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Exim:
    """Sends one message at a time to 127.0.0.1:port, then ends."""

    USER = 65500

    def __init__(self, folder, port, transport=""):
        need_root("Exim")
        self.folder = folder
        self.program = os.path.join(folder, "exim4")
        # a user of its own runs it again, who may not get at the build folder
        shutil.copyfile(os.path.join(unpack("exim4-daemon-light"),
                                     "usr/sbin/exim4"), self.program)
        # without setuid it takes our libraries along
        os.chmod(self.program, 0o755)
        check_libraries(self.program)
        got = subprocess.run(["true"], capture_output=True, timeout=60,
                             env={"LD_PRELOAD": "libnss_wrapper.so"})
        if got.stderr:
            raise Missing("libnss-wrapper is not installed")
        for name in ("spool", "log"):
            os.makedirs(os.path.join(folder, name))
            os.chown(os.path.join(folder, name), self.USER, self.USER)
        os.chmod(folder, 0o755)
        self.env = {**os.environ, "LD_PRELOAD": "libnss_wrapper.so"}
        self._make_user("PASSWD", "/etc/passwd", f"{self.USER}::/:/bin/false")
        self._make_user("GROUP", "/etc/group", f"{self.USER}:")
        with open(os.path.join(folder, "conf"), "w", encoding="utf-8") as f:
            f.write(f"""primary_hostname = exim.example.org
exim_path = {self.program}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
never_users =
begin routers
out:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  port = {port}
  allow_localhost
{transport}
""")

    def _make_user(self, name, path, line):
        """Debian's Exim wants a user of that name; a library shows it one."""
        copy = os.path.join(self.folder, name.lower())
        with open(path, encoding="utf-8") as f, \
                open(copy, "w", encoding="utf-8") as g:
            g.write(f.read() + f"Debian-exim:x:{line}\n"
                    .replace(":x:65500::", ":x:65500:65500::"))
        self.env["NSS_WRAPPER_" + name] = copy

    def send(self, sender, recipients, octets):
        """The main log's lines of this message."""
        path = os.path.join(self.folder, "log/mainlog")
        before = os.path.getsize(path) if os.path.exists(path) else 0
        subprocess.run([self.program, "-C", f"{self.folder}/conf", "-odf",
                        "-oi", "-f", sender, *recipients], input=octets,
                       env=self.env, capture_output=True, timeout=60)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as f:
            f.seek(before)
            return f.read()


class HAProxy:
    """Stands in front of servers: `ways` are (port, target port, options of
    the `server` line)."""

    LIBRARIES = ("liblua5.3-0", "libopentracing-c-wrapper0",
                 "libopentracing1")

    def __init__(self, folder, ways):
        self.program = os.path.join(unpack("haproxy"), "usr/sbin/haproxy")
        folders = [os.path.join(unpack(name), "usr/lib", triplet)
                   for name in self.LIBRARIES
                   for triplet in os.listdir(os.path.join(unpack(name),
                                                          "usr/lib"))]
        self.env = {**os.environ, "LD_LIBRARY_PATH": ":".join(folders)}
        check_libraries(self.program, self.env)
        self.ports = [port for port, _, _ in ways]
        self.log_path = os.path.join(folder, "haproxy.log")
        self.file = os.path.join(folder, "haproxy.cfg")
        self.process = None
        with open(self.file, "w", encoding="utf-8") as f:
            f.write("global\n  nbthread 1\n"
                    "defaults\n  mode tcp\n  timeout connect 5s\n"
                    "  timeout client 60s\n  timeout server 60s\n")
            f.writelines(f"listen p{port}\n  bind 127.0.0.1:{port}\n"
                         f"  server s 127.0.0.1:{target} {options}\n"
                         for port, target, options in ways)

    def log(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def start(self, seconds=30):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "-db", "-f", self.file], env=self.env,
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(
                        ("127.0.0.1", self.ports[-1]), 5):
                    return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise Missing("HAProxy does not start: " + self.log()[-500:])

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Unbound:
    """A DNS server at 127.0.0.1:port with these zones: name to its records,
    as (owner, text)."""

    def __init__(self, folder, port, zones):
        self.folder = folder
        self.port = port
        self.program = os.path.join(unpack("unbound"), "usr/sbin/unbound")
        libraries = [os.path.dirname(path) for path in glob.glob(
            unpack("libprotobuf-c1") + "/usr/lib/*/libprotobuf-c.so.1")]
        self.env = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}
        check_libraries(self.program, self.env)
        self.process = None
        os.makedirs(folder, exist_ok=True)
        lines = ["server:", ' username: ""', ' chroot: ""',
                 f' directory: "{folder}"', f' pidfile: "{folder}/pid"',
                 f" interface: 127.0.0.1@{port}", " do-daemonize: no",
                 " use-syslog: no", f' logfile: "{folder}/log"',
                 ' module-config: "iterator"']
        for zone, records in zones.items():
            lines.append(f' local-zone: "{zone}." static')
            lines += [f" local-data: '{owner}. 60 IN {text}'"
                      for owner, text in records]
        lines += ["remote-control:", " control-enable: no"]
        with open(os.path.join(folder, "conf"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, seconds=30):
        self.process = subprocess.Popen(
            [self.program, "-d", "-c", f"{self.folder}/conf"], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5):
                    return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise Missing("Unbound does not start")

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
