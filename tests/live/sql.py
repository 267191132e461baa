"""A MySQL client of a few lines over libmariadb, for tests that make thousands of connections."""
import ctypes

CR_SERVER_LOST = 2013
_CONNECT_TIMEOUT, _READ_TIMEOUT, _WRITE_TIMEOUT = 0, 11, 12
_lib = ctypes.CDLL("libmariadb.so.3")
_lib.mysql_init.restype = _lib.mysql_real_connect.restype = ctypes.c_void_p
_lib.mysql_store_result.restype = ctypes.c_void_p
_lib.mysql_fetch_row.restype = ctypes.POINTER(ctypes.c_char_p)
_lib.mysql_error.restype = ctypes.c_char_p
_lib.mysql_server_init(0, None, None)


class SqlError(Exception):
    """The server, or the way to it, said no."""


class Session:
    """A connection, closed at the end of a with."""

    def __init__(self, user, password, host=None, port=0, socket=None, timeout=1):
        self._handle = ctypes.c_void_p(_lib.mysql_init(None))
        for option in (_CONNECT_TIMEOUT, _READ_TIMEOUT, _WRITE_TIMEOUT):
            _lib.mysql_options(self._handle, option, ctypes.byref(ctypes.c_uint(timeout)))
        texts = [text.encode() if text else None for text in (host, user, password, None)]
        try:
            self._check(not _lib.mysql_real_connect(self._handle, *texts, port,
                                                    str(socket).encode() if socket else None,
                                                    ctypes.c_ulong(0)))
        except SqlError:
            self.close()
            raise

    def _check(self, failed):
        if failed:
            raise SqlError(f"{_lib.mysql_errno(self._handle)} {_lib.mysql_error(self._handle).decode()}")

    def execute(self, text):
        """A statement without rows; when it returns, the server has acknowledged it."""
        self._check(_lib.mysql_query(self._handle, text.encode()))

    def query(self, text):
        """The first row, as texts."""
        self._check(_lib.mysql_query(self._handle, text.encode()))
        result = ctypes.c_void_p(_lib.mysql_store_result(self._handle))
        self._check(not result)
        row = _lib.mysql_fetch_row(result)
        columns = _lib.mysql_num_fields(result)
        values = [row[i].decode() if row[i] is not None else None for i in range(columns)] if row else []
        _lib.mysql_free_result(result)
        return values

    def close(self):
        """End it."""
        _lib.mysql_close(self._handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
