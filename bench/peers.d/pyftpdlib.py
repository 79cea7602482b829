"""pyftpdlib with one user, limits lifted and no log: pyftpdlib.py PORT DIR [CERT_AND_KEY]."""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, directory = sys.argv[1:3]
logging.disable(logging.CRITICAL)
handler = FTPHandler
if sys.argv[3:]:
    handler = TLS_FTPHandler
    handler.certfile = sys.argv[3]
handler.timeout = 86400
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user("bench", "bench", directory, perm="elradfmwMT")
server = FTPServer(("127.0.0.1", int(port)), handler, backlog=4096)
server.max_cons = 0
server.max_cons_per_ip = 0
server.serve_forever()
