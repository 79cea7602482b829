"""pyftpdlib with one user, limits lifted and no log: pyftpdlib.py PORT DIR CERT_AND_KEY."""

import logging
import resource
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, directory, certificate = sys.argv[1:]
logging.disable(logging.CRITICAL)
authorizer = DummyAuthorizer()
authorizer.add_user("bench", "bench", directory, perm="elradfmwMT")


class Handler(TLS_FTPHandler):
    """Offers TLS and asks for none."""

    timeout = 86400
    certfile = certificate
    use_sendfile = FTPHandler.use_sendfile


Handler.authorizer = authorizer
server = FTPServer(("127.0.0.1", int(port)), Handler, backlog=4096)
server.max_cons = 0
server.max_cons_per_ip = 0
server.serve_forever()
