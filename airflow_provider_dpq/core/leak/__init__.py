"""The leak gate: whether an operation keeps memory, files, threads or processes each time that it runs."""
