-- Every row of {table}, in its order.
from {table}
