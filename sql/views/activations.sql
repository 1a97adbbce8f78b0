-- Every nonzero pooled activation: which feature fired in which response, and how strongly.
-- Columns are named in full: a bare one would be taken for a macro's parameter of that name.
create view activations as
select
    f.sae, f.role, f.feature_id, f.response_id,
    f.response_id // {stride} as variant, f.response_id % {stride} as question_id,
    f.mean, f.max, f.n_active, f.argmax_token
from {files} as f;
comment on view activations is 'A feature''s pooled activation in a response; no row where it did not fire; read from the lake';
comment on column activations.response_id is 'variant * {stride} + question_id: with role the response''s identity';
comment on column activations.mean is 'Over the response''s selected tokens (zeros too); units of SAE activation';
comment on column activations.max is 'Over the response''s selected tokens; units of SAE activation';
comment on column activations.n_active is 'Tokens on which it fired; NULL after an import of dense files';
comment on column activations.argmax_token is 'The token of the maximum, counted from 0 among the selected; the first of ties';
