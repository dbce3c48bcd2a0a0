import math

import pytest

from geo.errors import InfeasibleError, ParameterError
from planners.staffing.erlang import erlang_b, erlang_c


@pytest.mark.parametrize(("servers", "offered"), [(1, 0.5), (3, 1.5), (8, 6.2)])
def test_both_formulas_equal_their_sums(servers: int, offered: float) -> None:
    terms = [offered**n / math.factorial(n) for n in range(servers + 1)]
    assert erlang_b(servers, offered) == pytest.approx(terms[-1] / sum(terms))
    last = terms[-1] * servers / (servers - offered)
    assert erlang_c(servers, offered) == pytest.approx(last / (sum(terms[:-1]) + last))


def test_too_much_load_says_how_many_are_needed() -> None:
    with pytest.raises(InfeasibleError, match="more than 3 are needed"):
        erlang_c(3, 3.0)
    with pytest.raises(ParameterError):
        erlang_b(-1, 1.0)
