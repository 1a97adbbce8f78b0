"""How much is kept of a feature: what the tables say of it, and what fills them counts by."""

N_DRAWN = 4  # responses of each role drawn by lot

# The bins of token activations, half octaves: bin b holds those from 2^(b/2) up to 2^((b + 1)/2). The
# outermost also hold whatever is smaller or larger.
FIRST_TOKEN_BIN, N_TOKEN_BINS = -24, 64
