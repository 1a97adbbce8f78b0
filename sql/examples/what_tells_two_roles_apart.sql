-- Which features tell two roles apart? A positive difference is stronger in the first of them.
--
-- The roles here are the first and the last by name; put any two in their place.
select (select min(role) from role_features) as a, (select max(role) from role_features) as b, *
from compare_roles((select min(role) from role_features), (select max(role) from role_features))
limit 20;
