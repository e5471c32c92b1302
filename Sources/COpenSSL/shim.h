// OpenSSL 3: the signatures of tokens.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stddef.h>
#include <stdint.h>

/// The public key of RSA with a modulus and an exponent, both with the highest byte first; NULL where it is none.
static inline EVP_PKEY *td_rsa_key(const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent, size_t exponent_count) {
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, NULL), *e = BN_bin2bn(exponent, (int)exponent_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = parameters ? EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL) : NULL;
    if (!context || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static inline void td_rsa_key_free(EVP_PKEY *key) { EVP_PKEY_free(key); }

/// 1 where the signature is that of the message by RSASSA-PKCS1-v1_5 with SHA-256 (RS256).
static inline int td_rs256_verify(
    EVP_PKEY *key, const uint8_t *message, size_t message_count, const uint8_t *signature, size_t signature_count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, signature_count, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/// Gives no passphrase, so that nobody is asked for one.
static inline int td_no_passphrase(char *buffer, int size, int is_writing, void *owner) {
    (void)buffer, (void)size, (void)is_writing, (void)owner;
    return -1;
}

/// The private key in a PEM text; NULL where it is none of RSA with at least 2048 bits, or needs a passphrase.
static inline EVP_PKEY *td_private_key(const char *pem, size_t count) {
    BIO *text = BIO_new_mem_buf(pem, (int)count);
    EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, td_no_passphrase, NULL) : NULL;
    BIO_free(text);
    if (key && (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < 2048)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/// Bytes of a signature with the key.
static inline size_t td_signature_count(EVP_PKEY *key) { return (size_t)EVP_PKEY_get_size(key); }

/// Signs by RSASSA-PKCS1-v1_5 with SHA-256 (RS256) into `signature`; 0 where that fails, else how many bytes it has.
static inline size_t td_rs256_sign(
    EVP_PKEY *key, const uint8_t *message, size_t message_count, uint8_t *signature, size_t capacity) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t count = capacity;
    if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &count, message, message_count) != 1)
        count = 0;
    EVP_MD_CTX_free(context);
    return count;
}

/// 1 where the 32 bytes of the SHA-256 digest were written.
static inline int td_sha256(const uint8_t *bytes, size_t count, uint8_t *digest) {
    return EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL);
}

/// 1 where the 16 bytes of the MD5 digest were written.
static inline int td_md5(const uint8_t *bytes, size_t count, uint8_t *digest) {
    return EVP_Digest(bytes, count, digest, NULL, EVP_md5(), NULL);
}
