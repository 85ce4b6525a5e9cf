with

lines as (

    select
        org_id,
        invoice_date,
        count(*) as lines_count,
        coalesce(sum(amount_before), 0) as amount_before,
        coalesce(sum(amount), 0) as amount,
        max(coalesce(currency, currency_before)) as currency,
        max(minor_units) as minor_units
    from final_lines
    group by org_id, invoice_date

),

-- The cycle in arrears; of an invoice before the end of the first cycle that one.
cycles as (

    select
        lines.org_id,
        lines.invoice_date,
        coalesce(
            max(cycles.cycle_start_date) filter (
                where cycles.cycle_end_date <= lines.invoice_date
            ),
            min(cycles.cycle_start_date),
            lines.invoice_date
        ) as cycle_start_date
    from lines
    left join marts.billing_cycles as cycles
        on lines.org_id = cycles.org_id
    group by lines.org_id, lines.invoice_date

),

-- An invoice that is gone was as much as its lines, and is nothing.
totals as (

    select
        lines.*,
        cycles.cycle_start_date,
        coalesce(published.total_amount, lines.amount_before)::decimal(38, 6)
            as total_before,
        coalesce(built.total_amount, lines.amount)::decimal(38, 6) as total_now
    from lines
    inner join cycles
        on
            lines.org_id = cycles.org_id
            and lines.invoice_date = cycles.invoice_date
    left join earlier.marts.invoices as published
        on
            lines.org_id = published.org_id
            and lines.invoice_date = published.invoice_date
    left join marts.invoices as built
        on
            lines.org_id = built.org_id
            and lines.invoice_date = built.invoice_date

),

spelled as (

    select
        *,
        case minor_units
            when 0 then total_before::decimal(28, 0)::varchar
            when 3 then total_before::decimal(28, 3)::varchar
            else total_before::decimal(28, 2)::varchar
        end as words_before,
        case minor_units
            when 0 then total_now::decimal(28, 0)::varchar
            when 3 then total_now::decimal(28, 3)::varchar
            else total_now::decimal(28, 2)::varchar
        end as words_now
    from totals

)

select
    spelled.org_id || '/' || spelled.invoice_date || '/final_invoice_changed/'
    || build.build_number as alert_id,
    spelled.org_id,
    spelled.cycle_start_date,
    'final_invoice_changed' as alert,
    spelled.total_now as figure,
    spelled.total_before as limit_figure,
    build.built_at as seen_at,
    spelled.org_id || ': the invoice of ' || spelled.invoice_date
    || ', which was final, has ' || spelled.lines_count
    || if(spelled.lines_count = 1, ' other line', ' other lines')
    || if(
        spelled.total_before = spelled.total_now,
        ', its total is still ' || spelled.words_now,
        ', its total was ' || spelled.words_before || ' and is ' || spelled.words_now
    ) || ' ' || spelled.currency as message
from spelled
cross join marts.build as build
