"""The IR from Python: modules as objects, passes, dialects and operators of one's own.

    module = ir.parse("func @f(%x: f32[n]) { %0 = tensor.exp(%x)  return %0 }")
    ir.run(module, ["decompose", "canonicalize"])
    (y,) = ir.execute(module, [x])

See docs/design/python.md, and examples/custom_op and examples/custom_dialect for tutorials.
"""

from __future__ import annotations

from .._proa import SizeNotKnownError as SizeNotKnownError
from .._proa._ir import Dim as Dim
from .operators import (
    attr as attr,
)
from .operators import (
    graphs as graphs,
)
from .operators import (
    ok as ok,
)
from .operators import (
    operand as operand,
)
from .operators import (
    register_operator as register_operator,
)
from .operators import (
    tensor as tensor,
)
from .operators import (
    wrong as wrong,
)
from .passes import (
    PassContext as PassContext,
)
from .passes import (
    PassInfo as PassInfo,
)
from .passes import (
    PassRecord as PassRecord,
)
from .passes import (
    Pattern as Pattern,
)
from .passes import (
    Report as Report,
)
from .passes import (
    Rewriter as Rewriter,
)
from .passes import (
    RewriteResult as RewriteResult,
)
from .passes import (
    passes as passes,
)
from .passes import (
    pattern as pattern,
)
from .passes import (
    register_pass as register_pass,
)
from .passes import (
    replay as replay,
)
from .passes import (
    rewrite as rewrite,
)
from .passes import (
    run as run,
)
from .structure import (
    Block as Block,
)
from .structure import (
    Builder as Builder,
)
from .structure import (
    Function as Function,
)
from .structure import (
    Module as Module,
)
from .structure import (
    OpaqueType as OpaqueType,
)
from .structure import (
    Operation as Operation,
)
from .structure import (
    Region as Region,
)
from .structure import (
    TensorType as TensorType,
)
from .structure import (
    Type as Type,
)
from .structure import (
    Value as Value,
)
from .structure import (
    dialects as dialects,
)
from .structure import (
    execute as execute,
)
from .structure import (
    from_bytes as from_bytes,
)
from .structure import (
    pages as pages,
)
from .structure import (
    parse as parse,
)
