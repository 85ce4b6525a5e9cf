-- The printed lines with ours beside them, in printed order.
select
    line_number,
    is_printed,
    section,
    product_code,
    description,
    service_period_start,
    service_period_end,
    printed_quantity,
    printed_price,
    printed_amount,
    group_id,
    expected_quantity,
    expected_price,
    expected_amount,
    variance_amount,
    reasons
from marts.vendor_invoice_lines
where org_id = $org_id and invoice_number = $invoice_number
order by line_number
