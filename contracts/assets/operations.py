"""How assets are registered: the wire form and its form rules."""

from contracts.assets.description import AssetDescription, check_description
from contracts.assets.record import Identifier
from contracts.kernel.operation import Operation
from contracts.kernel.text import AnyDid


class RegisterAsset(Operation, frozen=True, array_like=True, tag="asset.register"):
    """Register an asset in one step: the fast path for an exchange's own catalogue.

    The sender becomes its registrar.
    """

    identifier: Identifier
    description: AssetDescription
    holder: AnyDid = ""
    """Whose asset it is; empty = the sender's."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: see ``check_description``.
        """
        check_description(self.description)
