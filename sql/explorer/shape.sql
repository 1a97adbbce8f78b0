-- How often the feature $feature_id of the SAE $sae is active, and whether on one token or at one place alone.
select
    token_rate, n_peaks, single_token_share, single_token, peak_place, position_correlation, position_low, position_high
from feature_shape($feature_id, $sae);
