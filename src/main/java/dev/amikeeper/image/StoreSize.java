package dev.amikeeper.image;

import java.util.List;
import java.util.Optional;

/**
 * The properties of an AMI that decide whether EC2 can store it in S3.
 *
 * @param gigabytes the total size of its volumes, before compression
 * @param isParavirtual whether its virtualization type is paravirtual rather than HVM
 * @param isOnEbs whether its root volume is a snapshot
 * @param productCodes of the AWS Marketplace
 */
public record StoreSize(
        Ami ami, int gigabytes, boolean isParavirtual, boolean isOnEbs, List<String> productCodes) {
    /** EC2 does not store larger images. */
    public static final int MOST_GIGABYTES = 5000;

    public StoreSize {
        productCodes = List.copyOf(productCodes);
    }

    /** Why EC2 would never store it, according to the AWS documentation; empty if it would. */
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
                : Optional.of("its root is not an EBS volume, and EC2 stores no such image");
    }
}
