"""The public names of the measuring arm, each with the module that it is imported from."""

from singularity_lab.spectroscopes.device import Device as Device
from singularity_lab.spectroscopes.device import Setting as Setting
from singularity_lab.spectroscopes.device import Spectroscope as Spectroscope
from singularity_lab.spectroscopes.device import setting as setting
from singularity_lab.spectroscopes.losses.function import FunctionLoss as FunctionLoss
from singularity_lab.spectroscopes.losses.module import ModuleLoss as ModuleLoss
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss as PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Domain as Domain
from singularity_lab.spectroscopes.losses.protocol import Loss as Loss
from singularity_lab.spectroscopes.measuring import measure as measure
from singularity_lab.spectroscopes.measuring import measure_each as measure_each
from singularity_lab.spectroscopes.meter import Budget as Budget
from singularity_lab.spectroscopes.networks import network_loss as network_loss
from singularity_lab.spectroscopes.reading import Cost as Cost
from singularity_lab.spectroscopes.reading import Estimate as Estimate
from singularity_lab.spectroscopes.reading import Outcome as Outcome
from singularity_lab.spectroscopes.reading import Reading as Reading
from singularity_lab.spectroscopes.registry import known_devices as known_devices
from singularity_lab.spectroscopes.registry import register as register
from singularity_lab.spectroscopes.scaling_orders import Scaling as Scaling
from singularity_lab.spectroscopes.scaling_orders import scaling as scaling
