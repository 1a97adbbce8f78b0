-- The variants of each role's instruction.
create table instructions (
    role varchar not null,
    variant integer not null,
    instruction varchar not null,
    system_prompt varchar
);
comment on table instructions is 'The instruction variants that were asked for, by role';
comment on column instructions.instruction is 'As the role''s file has it';
comment on column instructions.system_prompt is 'As the model saw it, {model_name} filled in; NULL where it is empty and no system message is sent';
