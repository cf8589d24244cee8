/* The other side of fuzz_json_diff: simdjson's DOM, flattened by the rules of decode/json.c. */
#include "json_diff.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <simdjson.h>
#include <string>

using namespace simdjson;

namespace {

struct flat {
        std::string out;
        unsigned instances = 0, element = 0;

        static unsigned more(unsigned n) {
                return n < 0xffff ? n + 1 : n;
        }

        void field(const std::string &path, unsigned arr, unsigned depth, const std::string &value,
                   bool shown) {
                if (!shown)
                        return;
                char where[64];
                snprintf(where, sizeof(where), " %u.%u.%u ", arr >> 16, arr & 0xffff, depth);
                out += path + where + value + '\n';
        }

        void object(const std::string *path, dom::object o, unsigned arr, unsigned depth,
                    bool shown) {
                size_t at = 0;
                for (auto member : o) {
                        bool nested = member.value.is_object() || member.value.is_array(),
                             last = true;
                        size_t i = 0;
                        if (nested)
                                for (auto other : o)
                                        if (i++ > at && other.key == member.key &&
                                            (other.value.is_object() || other.value.is_array()))
                                                last = false;
                        at++;
                        std::string key(member.key);
                        value(path ? *path + '.' + key : key, member.value, arr, depth,
                              shown && last);
                }
        }

        void value(const std::string &path, dom::element e, unsigned arr, unsigned depth,
                   bool shown) {
                char number[64];

                switch (e.type()) {
                case dom::element_type::OBJECT: {
                        dom::object o = e.get_object();
                        if (o.begin() == o.end())
                                field(path, arr, depth, "null", shown);
                        else
                                object(&path, o, arr, depth + 1, shown);
                        break;
                }
                case dom::element_type::ARRAY: {
                        dom::array a = e.get_array();
                        if (a.begin() == a.end()) {
                                field(path, arr, depth, "null", shown);
                                break;
                        }
                        if (arr == 0) {
                                instances = more(instances);
                                element = 0;
                        }
                        for (auto x : a) {
                                element = more(element);
                                value(path, x, instances << 16 | element, depth, shown);
                        }
                        break;
                }
                case dom::element_type::STRING:
                        field(path, arr, depth, "string " + std::string(std::string_view(e)),
                              shown);
                        break;
                case dom::element_type::BOOL:
                        field(path, arr, depth, bool(e) ? "bool true" : "bool false", shown);
                        break;
                case dom::element_type::NULL_VALUE: field(path, arr, depth, "null", shown); break;
                case dom::element_type::INT64:
                        snprintf(number, sizeof(number), "%lld",
                                 static_cast<long long>(int64_t(e)));
                        field(path, arr, depth, number, shown);
                        break;
                case dom::element_type::UINT64:
                        snprintf(number, sizeof(number), "%llu",
                                 static_cast<unsigned long long>(uint64_t(e)));
                        field(path, arr, depth, number, shown);
                        break;
                case dom::element_type::DOUBLE:
                        snprintf(number, sizeof(number), "%.17g", double(e));
                        field(path, arr, depth, number, shown);
                        break;
                }
        }
};

} // namespace

void json_diff_read(struct json_diff *ret, const char *p, size_t len) {
        dom::parser parser;
        dom::element doc;
        flat f;

        *ret = json_diff{};
        error_code r = parser.parse(p, len, true).get(doc);
        ret->number = r == NUMBER_ERROR;
        if (r != SUCCESS)
                return;
        dom::object o;
        if (doc.get_object().get(o) != SUCCESS)
                return;
        ret->accepted = true;
        f.object(nullptr, o, 0, 0, true);
        ret->len = f.out.size();
        ret->text = static_cast<char *>(malloc(ret->len + 1));
        if (ret->text)
                memcpy(ret->text, f.out.data(), ret->len);
}
