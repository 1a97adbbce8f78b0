-- The responses that show a feature at work in a role: the tokens around its peak.
-- Columns are named in full: a bare one would be taken for a macro's parameter of that name.
create view evidence as
select
    f.sae, f.role, f.feature_id, f.rank, f.response_id,
    f.response_id // {stride} as variant, f.response_id % {stride} as question_id,
    f.start, f.token_ids, f.pieces, f.activations
from {files} as f;
comment on view evidence is 'Each feature''s strongest responses of each role, with the tokens around the peak; read from the lake';
comment on column evidence.rank is 'By max, from 1; ties by response_id';
comment on column evidence.response_id is 'variant * {stride} + question_id: with role the response''s identity';
comment on column evidence.start is 'The window''s first token, counted from 0 among the selected tokens';
comment on column evidence.pieces is 'The tokens of the window as text. Where tokens share a character it stands at the one that fires most, and is empty at the others';
comment on column evidence.activations is 'The feature''s activation on each of them';
