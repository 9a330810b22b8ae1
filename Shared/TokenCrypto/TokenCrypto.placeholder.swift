// TokenCrypto
