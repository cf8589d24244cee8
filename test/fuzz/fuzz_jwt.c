/* What a provider says: sets of keys, tokens, its discovery document and the answer of its token endpoint. No token
 * of anybody's is ever good, as nobody here has a key. The first byte says which. */
#include "courier/jwt.h"
#include "courier/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key whose other half is nowhere. */
static const char key[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
                          "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                          "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void token(struct span s) {
        const struct jwt_want w = {"https://i", "c", SPAN("n"), 1795000000, 120};
        static struct jwt_keys *keys;
        json_t *claims = NULL;

        if (!keys && jwt_keys_read(&keys, span_str(key)) < 0)
                __builtin_trap();
        if (jwt_check(keys, s, &w, &claims) == JWT_GOOD || claims)
                __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span s = size ? span_of((const char *)data + 1, size - 1) : SPAN_NONE;
        struct provider_places places;
        _cleanup_(buf_deinit) struct buf b = {.limit = JWT_BYTES_MAX};
        struct jwt_keys *k = NULL;

        if (!size)
                return 0;
        switch (data[0] % 4) {
        case 0: token(s); break;
        case 1:
                if (jwt_keys_read(&k, s) == 0 && jwt_keys_count(k) > JWT_KEYS_MAX)
                        __builtin_trap();
                jwt_keys_free(k);
                break;
        case 2: (void)provider_discovery(s, "https://i", &places); break;
        default: (void)provider_token(s, &b); break;
        }
        base_fail_clear();
        return 0;
}
