with

build as (

    select * from {{ ref('int_as_of') }}

),

-- Due when ordered, hardware when it has shipped (INV-06).
orders as (

    select
        *,
        case when is_hardware then shipped_date else ordered_date end as due_date,
        coalesce(due_date, ordered_date) as dated_on
    from {{ ref('stg_orders') }}
    where row_status = 'accepted'

),

contracts as (

    select * from {{ ref('int_contracts') }}

),

-- The contract of that day; if none is in force any more, the one in which the hardware was
-- ordered.
billed_by as (

    select
        orders.org_id,
        orders.order_id,
        max_by(contracts.contract_id, contracts.in_force_from) as contract_id,
        max_by(
            case
                when orders.dated_on < contracts.in_force_to then orders.dated_on
                else orders.ordered_date
            end,
            contracts.in_force_from
        ) as in_contract_on
    from orders
    inner join contracts
        on
            orders.org_id = contracts.org_id
            and orders.dated_on >= contracts.in_force_from
            and (
                orders.dated_on < contracts.in_force_to
                or (
                    orders.is_hardware
                    and orders.ordered_date >= contracts.in_force_from
                    and orders.ordered_date < contracts.in_force_to
                )
            )
    group by orders.org_id, orders.order_id

)

select
    orders.org_id,
    orders.file_id,
    orders.source_row,
    orders.order_id,
    orders.product_code,
    orders.quantity,
    orders.unit_price,
    orders.due_date,
    billed_by.contract_id,
    coalesce(billed_by.in_contract_on, orders.dated_on) as in_contract_on,
    -- The column of the file that this day is of, if the order is in no contract.
    case
        when orders.dated_on = orders.ordered_date then 'ordered_date' else 'shipped_date'
    end as timed_by,
    coalesce(orders.due_date < build.as_of_date, false) as is_due
from orders
cross join build
left join billed_by
    on
        orders.org_id = billed_by.org_id
        and orders.order_id = billed_by.order_id
