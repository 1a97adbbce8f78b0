-- In which tokens each answer's place on the axis lies.
create table drift_tokens (
    run varchar not null,
    turn integer not null,
    token integer not null,
    token_id integer not null,
    piece varchar not null,
    projection double not null,
    scaled double not null
);
comment on table drift_tokens is 'Each token of the assistant''s messages, alone on the axis; a turn''s projection is not their mean, for pooling comes before log1p';
comment on column drift_tokens.token is 'Counts the turn''s own tokens from 0';
comment on column drift_tokens.piece is 'The token as text; untrusted. Where tokens share a character it stands at the one with the largest projection either way, and is empty at the others';
comment on column drift_tokens.projection is 'Of the token''s own activations, in the space of the run';
comment on column drift_tokens.scaled is '0 at the turn''s 5th percentile, 1 at its 95th, cut off beyond';
