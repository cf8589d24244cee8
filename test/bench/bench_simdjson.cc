/* What simdjson On-Demand takes to look at every value of lines of JSON: the yardstick of
 * bench_json. Keys stay raw; numbers are taken as text; strings either as they are written or
 * unescaped. */
#include <simdjson.h>

using namespace simdjson;

extern "C" uint64_t simdjson_lines(const char *p, size_t len, size_t capacity, int unescape,
                                   uint64_t *ret_sum);

static uint64_t visit(ondemand::value v, bool unescape) {
        uint64_t sum = 0;

        switch (v.type()) {
        case ondemand::json_type::object:
                for (auto member : v.get_object()) {
                        sum += static_cast<uint64_t>(member.key().raw()[0]);
                        sum += visit(member.value(), unescape);
                }
                break;
        case ondemand::json_type::array:
                for (auto element : v.get_array())
                        sum += visit(element.value(), unescape);
                break;
        case ondemand::json_type::string:
                if (unescape)
                        sum += std::string_view(v.get_string()).size();
                else
                        sum += static_cast<uint64_t>(v.get_raw_json_string().value().raw()[0]);
                break;
        default: sum += v.raw_json_token().size(); break;
        }
        return sum;
}

uint64_t simdjson_lines(const char *p, size_t len, size_t capacity, int unescape,
                        uint64_t *ret_sum) {
        ondemand::parser parser;
        uint64_t n = 0, sum = 0;
        ondemand::document_stream docs;

        if (parser.iterate_many(p, len, capacity).get(docs) != SUCCESS)
                return 0;
        for (auto doc : docs) {
                ondemand::object o;
                if (doc.get_object().get(o) != SUCCESS)
                        continue;
                for (auto member : o) {
                        sum += static_cast<uint64_t>(member.key().raw()[0]);
                        sum += visit(member.value(), unescape != 0);
                }
                n++;
        }
        *ret_sum = sum;
        return n;
}
