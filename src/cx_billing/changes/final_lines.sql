with

before as (

    select * from earlier.marts.invoice_lines
    where invoice_status <> 'accruing'

),

final_until as (

    select
        org_id,
        max(invoice_date) as invoice_date
    from before
    group by org_id

),

comparable as (

    select before.*
    from before
    semi join comparable_invoices
        on before.invoice_id = comparable_invoices.invoice_id

),

-- A line that is new counts if its invoice lies among those that were final.
after as (

    select invoice_lines.*
    from marts.invoice_lines as invoice_lines
    inner join final_until
        on
            invoice_lines.org_id = final_until.org_id
            and invoice_lines.invoice_date <= final_until.invoice_date
    where invoice_lines.invoice_status <> 'accruing'

),

changed as (

    select
        coalesce(after.org_id, comparable.org_id) as org_id,
        coalesce(after.invoice_date, comparable.invoice_date) as invoice_date,
        coalesce(after.description, comparable.description) as description,
        coalesce(after.charge_type, comparable.charge_type) as charge_type,
        coalesce(after.service_period_start, comparable.service_period_start)
            as service_period_start,
        comparable.quantity as quantity_before,
        after.quantity,
        comparable.unit_price as unit_price_before,
        after.unit_price,
        comparable.amount as amount_before,
        after.amount,
        case
            when comparable.currency <> after.currency then null
            else coalesce(after.amount, 0) - coalesce(comparable.amount, 0)
        end as difference,
        comparable.currency as currency_before,
        after.currency
    from comparable
    full outer join after
        on comparable.invoice_line_id = after.invoice_line_id
    where
        comparable.quantity is distinct from after.quantity
        or comparable.unit_price is distinct from after.unit_price
        or comparable.amount is distinct from after.amount
        or comparable.currency is distinct from after.currency

)

select
    changed.*,
    currencies.minor_units
from changed
left join reference.currencies as currencies
    on coalesce(changed.currency, changed.currency_before) = currencies.currency
order by
    changed.org_id,
    changed.invoice_date,
    changed.charge_type = 'tax',
    changed.description,
    changed.service_period_start,
    changed.charge_type
