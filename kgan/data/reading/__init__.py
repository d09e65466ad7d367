"""Reading of data sources, behind `kgan.data`. Only `kgan.data` imports these files.

A source (a folder, an archive, an array, a dataset) yields entries. An entry is read as a
picture, and each picture becomes an image: a uint8 array `(height, width, channels)`.
"""
