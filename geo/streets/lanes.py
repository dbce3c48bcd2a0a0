"""Sixteen journeys at once in vector registers: the three inner loops that a compiler does not find by itself.

Written in LLVM's own vector types, so that they run on every processor that numba runs on (AVX-512, AVX2, SSE, NEON).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from geo.streets.ends import UNREACHED

LANES: Final = 16

_I1, _I32, _I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_I32, LANES)


def _spread(builder: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(_I32, 0))
    zeros = ir.Constant(_VECTOR, [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)


def _least(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.icmp_signed("<", one, other), one, other)


def _load(builder: Any, data: Any, index: Any) -> Any:
    loaded = builder.load(builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer()))
    loaded.align = 4
    return loaded


def _data(context: Any, builder: Any, signature: Any, args: Any, k: int) -> Any:
    return context.make_array(signature.args[k])(context, builder, args[k]).data


def _relax_typed(
    typing_context: Any, table: Any, heads: Any, weights: Any, begin: Any, end: Any, node: Any, fresh: Any
) -> tuple[Signature, Callable[..., Any]]:
    del typing_context, begin, end, node, fresh
    signature = types.void(table, heads, weights, types.int64, types.int64, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        table, heads, weights = (_data(context, builder, signature, args, k) for k in range(3))
        begin, end, node, fresh = args[3:]
        width = ir.Constant(_I64, LANES)
        mine = builder.mul(node, width)
        unreached = ir.Constant(_VECTOR, [UNREACHED] * LANES)
        is_fresh = builder.icmp_signed("!=", fresh, ir.Constant(_I64, 0))
        start = builder.select(is_fresh, unreached, _load(builder, table, mine))
        entry = builder.block
        loop, after = builder.append_basic_block("edges"), builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", begin, end), loop, after)
        builder.position_at_end(loop)
        edge, best = builder.phi(_I64), builder.phi(_VECTOR)
        head = builder.sext(builder.load(builder.gep(heads, [edge])), _I64)
        weight = builder.load(builder.gep(weights, [edge]))
        through = builder.add(_load(builder, table, builder.mul(head, width)), _spread(builder, weight))
        better = _least(builder, through, best)
        following = builder.add(edge, ir.Constant(_I64, 1))
        edge.add_incoming(begin, entry)
        edge.add_incoming(following, loop)
        best.add_incoming(start, entry)
        best.add_incoming(better, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
        builder.position_at_end(after)
        result = builder.phi(_VECTOR)
        result.add_incoming(start, entry)
        result.add_incoming(better, loop)
        stored = builder.store(result, builder.bitcast(builder.gep(table, [mine]), _VECTOR.as_pointer()))
        stored.align = 4
        return context.get_dummy_value()

    return signature, generate


def _least_sum_typed(
    typing_context: Any, one: Any, at_one: Any, other: Any, at_other: Any, count: Any
) -> tuple[Signature, Callable[..., Any]]:
    del typing_context, at_one, at_other, count
    signature = types.int32(one, types.int64, other, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        one, other = (_data(context, builder, signature, args, k) for k in (0, 2))
        at_one, at_other, count = args[1], args[3], args[4]
        unreached = ir.Constant(_VECTOR, [UNREACHED] * LANES)
        numbers = ir.Constant(_VECTOR, list(range(LANES)))
        zero = ir.Constant(_I64, 0)
        entry = builder.block
        loop, after = builder.append_basic_block("levels"), builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", zero, count), loop, after)
        builder.position_at_end(loop)
        level, best = builder.phi(_I64), builder.phi(_VECTOR)
        total = builder.add(
            _load(builder, one, builder.add(at_one, level)), _load(builder, other, builder.add(at_other, level))
        )
        left = builder.trunc(builder.sub(count, level), _I32)
        inside = builder.icmp_signed("<", numbers, _spread(builder, left))
        better = _least(builder, builder.select(inside, total, unreached), best)
        following = builder.add(level, ir.Constant(_I64, LANES))
        level.add_incoming(zero, entry)
        level.add_incoming(following, loop)
        best.add_incoming(unreached, entry)
        best.add_incoming(better, loop)
        builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
        builder.position_at_end(after)
        result = builder.phi(_VECTOR)
        result.add_incoming(unreached, entry)
        result.add_incoming(better, loop)
        half = LANES // 2
        while half:
            turned = [(k + half) % LANES for k in range(LANES)]
            result = _least(builder, result, builder.shuffle_vector(result, result, ir.Constant(_VECTOR, turned)))
            half //= 2
        return builder.extract_element(result, ir.Constant(_I32, 0))

    return signature, generate


def _turn_typed(
    typing_context: Any, table: Any, position: Any, node: Any, out: Any, at: Any, stride: Any
) -> tuple[Signature, Callable[..., Any]]:
    del typing_context, node, at, stride
    signature = types.void(table, position, types.int64, out, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        table, position, out = (_data(context, builder, signature, args, k) for k in (0, 1, 3))
        node, at, stride = args[2], args[4], args[5]
        rows = []
        for k in range(LANES):
            here = builder.load(builder.gep(position, [builder.add(node, ir.Constant(_I64, k))]))
            first = builder.mul(builder.sext(here, _I64), ir.Constant(_I64, LANES))
            rows.append(_load(builder, table, first))
        half = LANES // 2
        while half:
            # Swap the upper half of each row with the lower half of the row ``half`` further on.
            low = [k if k & half == 0 else k - half + LANES for k in range(LANES)]
            high = [k + half if k & half == 0 else k + LANES for k in range(LANES)]
            for k in range(LANES):
                if k & half == 0:
                    one, other = rows[k], rows[k + half]
                    rows[k] = builder.shuffle_vector(one, other, ir.Constant(_VECTOR, low))
                    rows[k + half] = builder.shuffle_vector(one, other, ir.Constant(_VECTOR, high))
            half //= 2
        for k, row in enumerate(rows):
            column = builder.add(builder.add(at, node), builder.mul(stride, ir.Constant(_I64, k)))
            stored = builder.store(row, builder.bitcast(builder.gep(out, [column]), _VECTOR.as_pointer()))
            stored.align = 4
        return context.get_dummy_value()

    return signature, generate


_Table = npt.NDArray[np.int32]

relax = cast("Callable[[_Table, _Table, _Table, int, int, int, int], None]", intrinsic(_relax_typed))
"""``relax(table, heads, weights, begin, end, node, fresh)``: lower row ``node`` of the table by its edges.

``table`` int32[size, LANES]; each lane becomes the least of itself (``UNREACHED`` if ``fresh``) and of
``table[heads[e]] + weights[e]`` for ``begin <= e < end``. Rows never exceed ``UNREACHED``, so no sum wraps.
"""

least_sum = cast("Callable[[_Table, int, _Table, int, int], int]", intrinsic(_least_sum_typed))
"""``least_sum(one, at_one, other, at_other, count)``: the least ``one[at_one + k] + other[at_other + k]`` below count.

Flat int32 arrays, readable to the next multiple of ``LANES``; ``UNREACHED`` if count is 0 or nothing is less.
"""

turn = cast("Callable[[_Table, _Table, int, _Table, int, int], None]", intrinsic(_turn_typed))
"""``turn(table, position, node, out, at, stride)``: ``out[at + k * stride + j] = table[position[j], k]``.

For the ``LANES`` nodes ``j`` from ``node`` on and all lanes ``k``; ``out`` is addressed flat.
"""
