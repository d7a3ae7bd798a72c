# `make install`: headers, libraries, the command, and the CMake package reckon::reckon.
