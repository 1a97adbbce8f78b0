-- What the role $role is told, by variant.
select variant, instruction, system_prompt from instructions where role = $role order by variant;
