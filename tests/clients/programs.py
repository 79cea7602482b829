"""The clients: for each, how it is told to do one thing.

A method returns or raises `Failed`. Whether the thing was really done is not decided here: the matrix looks at the disk.
What a client cannot do at all stands in its `lacks`, with the reason.
"""

import ftplib
import html
import shutil
import socket
import ssl
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from harness import PASSWORD, USER, Failed, run


class Way(NamedTuple):
    """How a server is reached: over which family, and how secured."""

    family: str
    security: str = ""  # "", "explicit" (AUTH TLS) or "implicit".
    version: str = "1.3"  # Of TLS.

    def __str__(self):
        return " ".join(filter(None, (self.family, self.security, self.security and self.version)))


PLAIN = (Way("IPv4"), Way("IPv6"))
SECURED = (Way("IPv4", "explicit"), Way("IPv4", "explicit", "1.2"), Way("IPv4", "implicit"), Way("IPv6", "explicit"))


class Client:
    """One client talking to one address. `active` chooses PORT or EPRT instead of PASV or EPSV."""

    name = ""
    needs = ()  # The programs that must be installed.
    lacks = {}  # Operation → why this client cannot do it.
    lacks_ipv6 = {}  # The same over IPv6 only; "all" stands for every operation.
    lacks_tls = {}  # The same over TLS only.
    speaks_tls = False
    # Whether its data connections resume the TLS session of the control connection.
    resumes = False

    def __init__(self, address, log, scratch, way=PLAIN[0]):
        self.host, self.port = address
        self.way = way
        self.log = log
        self.scratch = Path(scratch)
        self.user, self.password = USER, PASSWORD
        self.active = False

    def lack(self, operation):
        """Why this client cannot do this here, or `None`."""
        reason = self.lacks.get(operation)
        if self.is_ipv6:
            reason = self.lacks_ipv6.get("all") or self.lacks_ipv6.get(operation) or reason
        if self.way.security:
            reason = self.lacks_tls.get(operation) or reason
        return reason

    @property
    def is_ipv6(self):
        return ":" in self.host

    @property
    def url(self):
        host = f"[{self.host}]" if self.is_ipv6 else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def scheme(self):
        return "ftps" if self.way.security == "implicit" else "ftp"

    def run(self, *argv, **options):
        # In a directory of its own: wget keeps a file there while it lists, which others must not meet.
        return run(self.log, argv, **{"cwd": self.scratch, **options})

    @classmethod
    def missing(cls):
        return [program for program in cls.needs if shutil.which(program) is None]


class Curl(Client):
    name = "curl"
    needs = ("curl",)
    speaks_tls = resumes = True

    @property
    def lacks_tls(self):
        version = self.run("curl", "--version")[1].split()[1]
        broken = version in ("7.87.0", "7.88.0", "7.88.1")
        return {"active": "curl 7.87 and 7.88 forget TLS in active mode (curl#10666)"} if broken else {}

    def curl(self, path, *options, **more):
        mode = ("--ftp-port", "-") if self.active else ("--ftp-pasv",)
        login = ("--user", f"{self.user}:{self.password}")
        tls = ()
        if self.way.security:
            tls = ("--ssl-reqd", "--insecure", f"--tlsv{self.way.version}", "--tls-max", self.way.version)
        return self.run("curl", "--silent", "--show-error", "--globoff", *mode, *tls, *login, *options,
                        f"{self.url}/{path}", **more)[1]

    def login(self):
        self.curl("", "--list-only")

    def list(self, directory):
        return self.curl(f"{directory}/")

    def upload(self, local, remote):
        self.curl(remote, "--upload-file", local)

    def download(self, remote, local):
        self.curl(remote, "--output", local)

    def resume_upload(self, local, remote):
        self.curl(remote, "--continue-at", "-", "--upload-file", local)

    def resume_download(self, remote, local):
        self.curl(remote, "--continue-at", "-", "--output", local)

    def quote(self, *commands):
        self.curl("", "--list-only", *(word for command in commands for word in ("--quote", command)))

    def rename(self, old, new):
        self.quote(f"RNFR {old}", f"RNTO {new}")

    def delete(self, path):
        self.quote(f"DELE {path}")

    def mkdir(self, path):
        self.quote(f"MKD {path}")

    def rmdir(self, path):
        self.quote(f"RMD {path}")


class Lftp(Client):
    name = "lftp"
    needs = ("lftp",)
    speaks_tls = resumes = True
    mode_z = "yes"  # As it does by itself.

    def lftp(self, command, **more):
        settings = {
            "cmd:fail-exit": "yes", "net:timeout": 15, "net:max-retries": 1,
            "ftp:use-mode-z": self.mode_z, "ftp:passive-mode": "no" if self.active else "yes", "xfer:clobber": "yes",
        }
        if self.way.security:
            settings |= {
                "ftp:ssl-force": "yes", "ftp:ssl-allow-anonymous": "yes", "ssl:verify-certificate": "no",
                "ssl:priority": f"NORMAL:-VERS-ALL:+VERS-TLS{self.way.version}",
            }
        else:
            settings["ftp:ssl-allow"] = "no"
        script = "".join(f"set {key} {value}; " for key, value in settings.items())
        script += f"open -u {self.user},{self.password} {self.url}; {command}"
        return self.run("lftp", "--norc", "-c", script, env={"HOME": str(self.scratch)}, **more)[1]

    def login(self):
        self.lftp("cls")

    def list(self, directory):
        return self.lftp(f'ls "{directory}"')

    def upload(self, local, remote):
        self.lftp(f'put "{local}" -o "{remote}"')

    def download(self, remote, local):
        self.lftp(f'get "{remote}" -o "{local}"')

    def resume_upload(self, local, remote):
        self.lftp(f'put -c "{local}" -o "{remote}"')

    def resume_download(self, remote, local):
        self.lftp(f'get -c "{remote}" -o "{local}"')

    def rename(self, old, new):
        self.lftp(f'mv "{old}" "{new}"')

    def delete(self, path):
        self.lftp(f'rm "{path}"')

    def mkdir(self, path):
        self.lftp(f'mkdir "{path}"')

    def rmdir(self, path):
        self.lftp(f'rmdir "{path}"')

    def mirror_up(self, local, remote, limit):
        self.lftp(f'mirror -R --parallel=4 "{local}" "{remote}"', limit=limit)

    def mirror_down(self, remote, local, limit):
        self.lftp(f'mirror --parallel=4 "{remote}" "{local}"', limit=limit)


class Wget(Client):
    name = "wget"
    needs = ("wget",)
    lacks = dict.fromkeys(
        ("upload", "resume_upload", "rename", "delete", "mkdir", "rmdir"), "wget only fetches")
    speaks_tls = resumes = True

    @property
    def scheme(self):
        return "ftps" if self.way.security else "ftp"

    def wget(self, path, *options):
        mode = ["--no-passive-ftp"] if self.active else []
        if self.way.security:
            mode += ["--no-check-certificate", f"--secure-protocol=TLSv{self.way.version.replace('.', '_')}"]
        if self.way.security == "implicit":
            mode.append("--ftps-implicit")
        words = ("--no-config", "--no-verbose", "--tries=1", "--timeout=20", *mode, f"--ftp-user={self.user}",
                 f"--ftp-password={self.password}", *options, f"{self.url}/{path}")
        for _ in range(4):
            code, text = self.run("wget", *words, check=False)
            # GnuTLS waits 50 ms for a ticket of TLS 1.3. On a busy machine it may come later: wget says that it has
            # no session, and goes on without one, though it was told that it must be resumed.
            if code == 0 or "Could not save SSL session data" not in text:
                break
        if code != 0:
            raise Failed(f"exit code {code}")
        return text

    def login(self):
        self.list("")

    def list(self, directory):
        page = self.scratch / "index.html"
        self.wget(f"{directory}/" if directory else "", "--output-document", page)
        return html.unescape(page.read_text())

    def download(self, remote, local):
        self.wget(remote, "--output-document", local)

    def resume_download(self, remote, local):
        self.wget(remote, "--continue", "--output-document", local)


class Ncftp(Client):
    name = "ncftp"
    needs = ("ncftp", "ncftpget", "ncftpput", "ncftpls")
    lacks = {"resume_upload": "NcFTP 3.2.6 says the offset, but sends the file from its beginning"}
    lacks_ipv6 = {"all": "NcFTP 3.2 speaks IPv4 only"}

    @property
    def options(self):
        return ("-u", self.user, "-p", self.password, "-P", self.port, "-E" if self.active else "-F")

    def tool(self, program, *words):
        return self.run(program, *self.options, *words, env={"HOME": str(self.scratch)})[1]

    def batch(self, *commands):
        """The interactive program; it stops at no error, and what came of it is seen on the disk."""
        return self.run("ncftp", *self.options[:-1], self.host, stdin="\n".join([*commands, "quit"]) + "\n",
                        env={"HOME": str(self.scratch)})[1]

    def login(self):
        self.tool("ncftpls", "-l", f"{self.url}/")

    def list(self, directory):
        self.tool("ncftpls", f"{self.url}/{directory}/")  # `NLST -CF`
        return self.tool("ncftpls", "-l", f"{self.url}/{directory}/")

    def upload(self, local, remote):
        self.tool("ncftpput", "-C", "-r", "1", self.host, local, remote)

    def download(self, remote, local):
        self.tool("ncftpget", "-C", "-r", "1", self.host, remote, local)

    def resume_download(self, remote, local):
        self.tool("ncftpget", "-z", "-r", "1", self.host, Path(local).parent, remote)

    def rename(self, old, new):
        self.batch(f'rename "{old}" "{new}"')

    def delete(self, path):
        self.batch(f'rm "{path}"')

    def mkdir(self, path):
        self.batch(f'mkdir "{path}"')

    def rmdir(self, path):
        self.batch(f'rmdir "{path}"')


class Tnftp(Client):
    name = "tnftp"
    needs = ("tnftp",)

    def tnftp(self, *commands):
        script = [f"user {self.user} {self.password}", "binary", *commands, "bye"]
        # -n: no automatic login, -i: no questions, -v: replies are shown, -V would hide them.
        _, text = self.run("tnftp", "-n", "-i", "-v", "-A" if self.active else "-p", self.host, self.port,
                           stdin="\n".join(script) + "\n", env={"HOME": str(self.scratch)}, check=False)
        # It ends with 0 whatever happens. 500 and 502 it can do without: EPSV falls back to PASV.
        refused = [line for line in text.splitlines() if line.startswith(("421 ", "425 ", "426 ", "451 ", "53", "55"))]
        if refused or "Not connected" in text:
            raise Failed((refused or ["not connected"])[0])
        return text

    def login(self):
        self.tnftp("pwd")

    def list(self, directory):
        return self.tnftp(f'ls "{directory}"')

    def upload(self, local, remote):
        self.tnftp(f'put "{local}" "{remote}"')

    def download(self, remote, local):
        self.tnftp(f'get "{remote}" "{local}"')

    def resume_upload(self, local, remote):
        self.tnftp(f"restart {self.remote_size(remote)}", f'put "{local}" "{remote}"')

    def remote_size(self, remote):
        for line in self.tnftp(f'size "{remote}"').splitlines():
            word = line.split()[-1:] or [""]
            if line.startswith(("213 ", remote)) and word[0].isdigit():
                return int(word[0])
        raise Failed("no size was told")

    def resume_download(self, remote, local):
        self.tnftp(f'reget "{remote}" "{local}"')

    def rename(self, old, new):
        self.tnftp(f'rename "{old}" "{new}"')

    def delete(self, path):
        self.tnftp(f'delete "{path}"')

    def mkdir(self, path):
        self.tnftp(f'mkdir "{path}"')

    def rmdir(self, path):
        self.tnftp(f'rmdir "{path}"')


class FtpTls(ftplib.FTP_TLS):
    """ftplib's own client over TLS; it neither speaks implicit TLS nor resumes sessions by itself."""

    def __init__(self, way, resumes):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        version = ssl.TLSVersion["TLSv" + way.version.replace(".", "_")]
        context.minimum_version = context.maximum_version = version
        super().__init__(timeout=20, encoding="utf-8", context=context)
        self.implicit, self.resumes = way.security == "implicit", resumes

    def connect(self, host, port):
        if not self.implicit:
            return super().connect(host, port)
        self.host, self.port = host, port
        sock = socket.create_connection((host, port), self.timeout)
        self.af = sock.family
        self.sock = self.context.wrap_socket(sock)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def ntransfercmd(self, cmd, rest=None):
        if not self.resumes:
            return super().ntransfercmd(cmd, rest)
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        return self.context.wrap_socket(conn, session=self.sock.session), size


class Ftplib(Client):
    name = "ftplib"
    speaks_tls = True

    def connection(self):
        return FtpTls(self.way, self.resumes) if self.way.security else ftplib.FTP(timeout=20, encoding="utf-8")

    def session(self, work):
        """Logs in, does `work` and says QUIT; every reply is logged."""
        self.log.add(f"ftplib {self.host} {self.port} {self.way} {'active' if self.active else 'passive'}")
        try:
            with self.connection() as ftp:
                ftp.connect(self.host, self.port)
                ftp.set_pasv(not self.active)
                ftp.login(self.user, self.password)
                if self.way.security:
                    ftp.prot_p()
                return work(ftp)
        except ftplib.all_errors as error:
            raise Failed(f"{type(error).__name__}: {error}") from None

    def login(self):
        self.session(lambda ftp: ftp.pwd())

    def list(self, directory):
        def work(ftp):
            lines = []
            ftp.dir(directory, lines.append)
            names = {name for name, _ in ftp.mlsd(directory)} - {".", ".."}
            for name in names:
                if not any(line.endswith(name) for line in lines):
                    raise Failed(f"MLSD tells {name!r}, LIST does not")
            return "\n".join(lines)
        return self.session(work)

    def send(self, local, remote, offset):
        with open(local, "rb") as source:
            source.seek(offset)
            self.session(lambda ftp: ftp.storbinary(f"STOR {remote}", source, rest=offset or None))

    def fetch(self, remote, local, offset):
        with open(local, "ab") as target:
            self.session(lambda ftp: ftp.retrbinary(f"RETR {remote}", target.write, rest=offset or None))

    def upload(self, local, remote):
        self.send(local, remote, 0)

    def download(self, remote, local):
        self.fetch(remote, local, 0)

    def resume_upload(self, local, remote):
        def size(ftp):
            ftp.voidcmd("TYPE I")
            return ftp.size(remote)
        self.send(local, remote, self.session(size))

    def resume_download(self, remote, local):
        self.fetch(remote, local, Path(local).stat().st_size)

    def rename(self, old, new):
        self.session(lambda ftp: ftp.rename(old, new))

    def delete(self, path):
        self.session(lambda ftp: ftp.delete(path))

    def mkdir(self, path):
        self.session(lambda ftp: ftp.mkd(path))

    def rmdir(self, path):
        self.session(lambda ftp: ftp.rmd(path))


class ResumingFtplib(Ftplib):
    """As programs extend it whose servers ask for it."""

    name = "ftplib-resume"
    resumes = True


class Rclone(Client):
    name = "rclone"
    needs = ("rclone",)
    speaks_tls = resumes = True
    lacks = {
        "active": "rclone is passive only",
        "resume_upload": "rclone begins again",
        "resume_download": "rclone begins again",
    }

    @cached_property
    def environment(self):
        obscured = self.run("rclone", "obscure", self.password)[1].strip()
        tls = {}
        if self.way.security:
            name = "RCLONE_FTP_TLS" if self.way.security == "implicit" else "RCLONE_FTP_EXPLICIT_TLS"
            tls = {name: "true", "RCLONE_FTP_NO_CHECK_CERTIFICATE": "true"}
            if self.way.version == "1.2":
                tls["RCLONE_FTP_DISABLE_TLS13"] = "true"
        return {
            **tls, "RCLONE_CONFIG": "/dev/null", "RCLONE_CACHE_DIR": str(self.scratch),
            "RCLONE_FTP_HOST": f"[{self.host}]" if self.is_ipv6 else self.host, "RCLONE_FTP_PORT": str(self.port),
            "RCLONE_FTP_USER": self.user, "RCLONE_FTP_PASS": obscured,
            # rclone 1.60 fetches a large file in four pieces, cuts three short, and takes the 426 it caused for a failure.
            "RCLONE_MULTI_THREAD_STREAMS": "0",
            "RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1", "RCLONE_CONTIMEOUT": "10s",
        }

    def rclone(self, *words, **more):
        return self.run("rclone", *words, env=self.environment, **more)[1]

    def login(self):
        self.rclone("lsf", ":ftp:/")

    def list(self, directory):
        return self.rclone("lsl", f":ftp:{directory}")

    def upload(self, local, remote):
        self.rclone("copyto", local, f":ftp:{remote}")

    def download(self, remote, local):
        self.rclone("copyto", f":ftp:{remote}", local)

    def rename(self, old, new):
        self.rclone("moveto", f":ftp:{old}", f":ftp:{new}")

    def delete(self, path):
        self.rclone("deletefile", f":ftp:{path}")

    def mkdir(self, path):
        self.rclone("mkdir", f":ftp:{path}")

    def rmdir(self, path):
        self.rclone("rmdir", f":ftp:{path}")

    def mirror_up(self, local, remote, limit):
        self.rclone("copy", local, f":ftp:{remote}", limit=limit)
        self.rclone("check", "--size-only", local, f":ftp:{remote}", limit=limit)

    def mirror_down(self, remote, local, limit):
        self.rclone("sync", f":ftp:{remote}", local, limit=limit)


class Busybox(Client):
    name = "busybox"
    needs = ("busybox",)
    lacks = {
        "list": "ftpget only fetches", "active": "busybox is passive only", "resume_upload": "ftpput begins again",
        **dict.fromkeys(("rename", "delete", "mkdir", "rmdir"), "ftpget and ftpput move files only"),
    }

    def busybox(self, applet, *words):
        self.run("busybox", applet, "-v", "-u", self.user, "-p", self.password, "-P", self.port, *words)

    def login(self):
        # The matrix lays this file there for those who can only fetch.
        self.busybox("ftpget", self.host, self.scratch / "hello", "hello.txt")

    def upload(self, local, remote):
        self.busybox("ftpput", self.host, remote, local)

    def download(self, remote, local):
        self.busybox("ftpget", self.host, local, remote)

    def resume_download(self, remote, local):
        self.busybox("ftpget", "-c", self.host, local, remote)


ALL = (Curl, Lftp, Wget, Ncftp, Tnftp, Ftplib, ResumingFtplib, Rclone, Busybox)
