package dev.amikeeper.local;

import java.util.Optional;

/** What matters of KMS keys: AWS's own default key cannot be shared with another account. */
final class EncryptionKeys {
    static final String DEFAULT = "alias/aws/ebs";

    private EncryptionKeys() {}

    /** Whether what is encrypted without a key of one's own, or with this one, uses the default. */
    static boolean isDefault(Optional<String> key) {
        return key.map(name -> name.endsWith(DEFAULT)).orElse(true);
    }
}
