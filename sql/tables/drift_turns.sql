-- Each answer of a conversation, scored.
create table drift_turns (
    run varchar not null,
    turn integer not null,
    message integer not null,
    n_tokens integer not null,
    n_active_features integer not null,
    norm double not null,
    projection double,
    projection_low double,
    projection_high double,
    cosine_axis double,
    cosine_axis_low double,
    cosine_axis_high double,
    cosine_anchor double,
    cosine_anchor_low double,
    cosine_anchor_high double,
    nearest_roles struct("role" varchar, cosine double)[] not null
);
comment on table drift_turns is 'The assistant''s messages of each conversation, on the axis from the other roles to the anchor; higher is more of an assistant';
comment on column drift_turns.turn is 'Counts the assistant''s messages from 0';
comment on column drift_turns.message is 'Counts all messages from 0: where in drift_runs.conversation';
comment on column drift_turns.n_tokens is 'The message''s own tokens, none of the template''s';
comment on column drift_turns.n_active_features is 'Features that fire on any of them';
comment on column drift_turns.norm is 'Length of the turn''s vector before any normalization';
comment on column drift_turns.projection is 'On the unit axis';
comment on column drift_turns.projection_low is '2.5% of spans of as many tokens of the anchor''s own responses lie below: the null band''s lower end';
comment on column drift_turns.projection_high is '97.5% lie below: its upper end';
comment on column drift_turns.cosine_axis is 'Cosine with the axis; NULL where no feature fires';
comment on column drift_turns.cosine_anchor is 'Cosine with the anchor''s vector';
comment on column drift_turns.nearest_roles is 'The five roles with the highest cosine, the highest first';
