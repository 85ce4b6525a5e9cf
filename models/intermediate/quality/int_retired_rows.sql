-- A mistake that is corrected: a row accepted later speaks for the natural key of a
-- rejected one. Where a file replaces all rows of a key, later is a later file. A row whose
-- key itself could not be read has none that another could share. What is no charge needs
-- none (INV-12).
with

{% for dataset in datasets() %}
    {{ dataset }}_rows as (

        select
            rejected.file_id,
            rejected.source_row
        from {{ ref('stg_' ~ dataset) }} as accepted
        inner join {{ ref('stg_' ~ dataset) }} as rejected
            on
                accepted.org_id = rejected.org_id
                {% for column in natural_key(dataset) %}
                    and accepted.{{ column }} is not distinct from rejected.{{ column }}
                {% endfor %}
                and (
                    accepted.landed_at > rejected.landed_at
                    {% if not replaced_by_file(dataset) %}
                        or (
                            accepted.landed_at = rejected.landed_at
                            and accepted.source_row > rejected.source_row
                        )
                    {% endif %}
                )
        anti join {{ ref('int_rows_outside_contract') }} as outside
            on
                outside.dataset = '{{ dataset }}'
                and accepted.file_id = outside.file_id
                and accepted.source_row = outside.source_row
        where
            accepted.row_status in (
                'accepted'{{ ", 'duplicate'" if replaced_by_file(dataset) }}
            )
            and rejected.row_status = 'rejected'
            {% for column in natural_key_columns(dataset) %}
                and rejected.reject_column is distinct from '{{ column }}'
            {% endfor %}

    ),

{% endfor %}
needless as (

    select
        rejected.file_id,
        rejected.source_row
    from {{ ref('int_landed_rows') }} as rejected
    inner join {{ ref('stg_landed_files') }} as landed_files
        on rejected.file_id = landed_files.file_id
    where
        rejected.row_status = 'rejected'
        and (not landed_files.is_counted or rejected.reject_reason = 'no_charge')

),

retired as (

    {% for dataset in datasets() %}
        select * from {{ dataset }}_rows
        union
    {% endfor %}
    select * from needless

)

select * from retired
