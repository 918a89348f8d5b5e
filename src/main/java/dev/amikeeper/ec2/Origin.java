package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.InstanceId;

import java.util.List;
import java.util.Optional;

/**
 * What EC2 knows of an image of this account, whoever made it.
 *
 * @param instance which instance it is an image of; empty if EC2 does not say
 * @param productCodes those of AWS Marketplace and others that it carries
 */
public record Origin(Ami ami, Optional<InstanceId> instance, List<String> productCodes) {
    public Origin {
        productCodes = List.copyOf(productCodes);
    }
}
