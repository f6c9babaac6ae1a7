"""Butteraugli's distance of two pictures, 3-norm, by libjxl (which libvips brings along). Lower is nearer; about 1 is where
people begin to see a difference."""

import ctypes

import numpy

NORM = 3.0
UINT8, NATIVE_ENDIAN = 2, 0  # JxlDataType, JxlEndianness


class PixelFormat(ctypes.Structure):
    _fields_ = [("num_channels", ctypes.c_uint32), ("data_type", ctypes.c_int), ("endianness", ctypes.c_int), ("align", ctypes.c_size_t)]


def _library() -> ctypes.CDLL:
    jxl = ctypes.CDLL("libjxl.so.0.7")
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("ApiCreate", pointer, [pointer]), ("ApiDestroy", None, [pointer]), ("ResultDestroy", None, [pointer]),
        ("ResultGetDistance", ctypes.c_float, [pointer, ctypes.c_float]),
        ("Compute", pointer, [pointer, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(PixelFormat), pointer, ctypes.c_size_t,
                              ctypes.POINTER(PixelFormat), pointer, ctypes.c_size_t]),
    ):
        function = getattr(jxl, f"JxlButteraugli{name}")
        function.restype, function.argtypes = result, arguments
    return jxl


def distance(a: numpy.ndarray, b: numpy.ndarray) -> float:
    """Of two pictures of one size: uint8, height x width x 3, sRGB. OSError where libjxl is missing."""
    assert a.shape == b.shape and a.dtype == b.dtype == numpy.uint8, (a.shape, b.shape, a.dtype, b.dtype)
    jxl = _library()
    a, b = numpy.ascontiguousarray(a), numpy.ascontiguousarray(b)
    form = PixelFormat(3, UINT8, NATIVE_ENDIAN, 0)
    api = jxl.JxlButteraugliApiCreate(None)
    try:
        result = jxl.JxlButteraugliCompute(api, a.shape[1], a.shape[0], form, a.ctypes.data, a.nbytes, form, b.ctypes.data, b.nbytes)
        if not result:
            raise ValueError("libjxl compares no such pictures")
        out = jxl.JxlButteraugliResultGetDistance(result, NORM)
        jxl.JxlButteraugliResultDestroy(result)
        return out
    finally:
        jxl.JxlButteraugliApiDestroy(api)
