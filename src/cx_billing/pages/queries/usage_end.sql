select max(usage_through_at) as usage_through_at
from marts.billing_cycles
