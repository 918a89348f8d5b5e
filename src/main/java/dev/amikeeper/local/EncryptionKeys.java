package dev.amikeeper.local;

import java.util.Optional;

/** KMS keys, as far as they matter: AWS's own default key cannot be shared with another account. */
final class EncryptionKeys {
    static final String DEFAULT = "alias/aws/ebs";

    private EncryptionKeys() {}

    /** Whether encryption with this key, or with none named, uses the default key. */
    static boolean isDefault(Optional<String> key) {
        return key.map(name -> name.endsWith(DEFAULT)).orElse(true);
    }
}
