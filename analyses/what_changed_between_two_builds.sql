-- What changed since an earlier build? Every invoice line that came, went or moved. Paste
-- into `duckdb <home>/cx_billing.duckdb`, started in the home; builds are numbered, the
-- newest few are kept.
attach 'builds/1/cx_billing.duckdb' as earlier (read_only);

select
    coalesce(now_lines.invoice_line_id, then_lines.invoice_line_id) as invoice_line_id,
    case
        when then_lines.invoice_line_id is null then 'new'
        when now_lines.invoice_line_id is null then 'gone'
        else 'changed'
    end as change,
    then_lines.invoice_status as status_then,
    now_lines.invoice_status as status_now,
    then_lines.quantity as quantity_then,
    now_lines.quantity as quantity_now,
    then_lines.amount as amount_then,
    now_lines.amount as amount_now,
    coalesce(now_lines.amount, 0) - coalesce(then_lines.amount, 0) as amount_difference
from marts.invoice_lines as now_lines
full outer join earlier.marts.invoice_lines as then_lines
    on now_lines.invoice_line_id = then_lines.invoice_line_id
where
    now_lines.quantity is distinct from then_lines.quantity
    or now_lines.amount is distinct from then_lines.amount
order by abs(amount_difference) desc, invoice_line_id;
