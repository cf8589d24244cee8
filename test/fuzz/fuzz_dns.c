/* What a name server says, and a file of hosts: any bytes. The first says which question they answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "courier/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct span names[] = {{"mail.agency.example", 19}, {"a.b", 3}, {"x", 1}};
        struct dns_addresses a = {.n = 0};
        unsigned char query[DNS_QUERY_MAX];

        if (size < 3)
                return 0;
        struct span name = names[data[0] % 3], bytes = span_of((const char *)data + 3, size - 3);
        enum dns_type type = data[0] & 0x80 ? DNS_AAAA : DNS_A;
        uint16_t id = (uint16_t)(data[1] << 8 | data[2]);
        int r = dns_answer(bytes, name, type, id, &a);

        if (a.n > DNS_ADDRESSES_MAX || (r != 0 && a.n) || r > 0)
                abort();
        a.n = 0;
        dns_hosts(bytes, name, &a);
        if (a.n > DNS_ADDRESSES_MAX)
                abort();
        (void)dns_query(query, bytes, type, id);
        return 0;
}
