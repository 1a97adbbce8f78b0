-- The one of a row's `orders` that is chosen, a number by its name; an error with all names where it is none of them.
create macro in_order(orders, chosen) as case
    when map_contains(orders, chosen) then orders[chosen]
    else error(format('no order {}; there are {}', chosen, array_to_string(map_keys(orders), ', ')))
end;
