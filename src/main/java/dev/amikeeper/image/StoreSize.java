package dev.amikeeper.image;

import java.util.List;
import java.util.Optional;

/**
 * What of an AMI decides whether EC2 stores it in S3.
 *
 * @param gigabytes the sizes of its volumes, before compression
 * @param isParavirtual whether it is not for hardware virtual machines
 * @param isOnEbs whether its root volume is a snapshot
 * @param productCodes of the AWS Marketplace
 */
public record StoreSize(
        Ami ami, int gigabytes, boolean isParavirtual, boolean isOnEbs, List<String> productCodes) {
    /** EC2 stores no larger image. */
    public static final int MOST_GIGABYTES = 5000;

    public StoreSize {
        productCodes = List.copyOf(productCodes);
    }

    /** Why EC2 would never store it, by what AWS documents; empty if it would. */
    public Optional<String> cannotBeStored() {
        if (gigabytes > MOST_GIGABYTES) {
            return Optional.of(
                    "it has %,d GB, and EC2 stores images of up to %,d GB"
                            .formatted(gigabytes, MOST_GIGABYTES));
        }
        if (isParavirtual) {
            return Optional.of("it is paravirtual, and EC2 stores no such image");
        }
        return isOnEbs
                ? Optional.empty()
                : Optional.of("its root is no EBS volume, and EC2 stores no such image");
    }
}
