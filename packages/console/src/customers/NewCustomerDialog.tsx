import { Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { textOf, textOrNull } from '../elements/form.ts';
import { DialogForm } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import styles from './NewCustomerDialog.module.css';

type NewCustomer = Parameters<Client['books']['customers']['create']>[0];

export function NewCustomerDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="New customer" size="lg">
      <CompanyRequired what="A customer belongs to a company:">
        <NewCustomerForm onClose={onClose} />
      </CompanyRequired>
    </Modal>
  );
}

function NewCustomerForm({ onClose }: { onClose: () => void }) {
  const { client } = useApi();
  const { refresh } = useApiContext();
  const create = useMutation({
    mutationFn: (customer: NewCustomer) => client.books.customers.create(customer),
    onSuccess: async ({ name }) => {
      onClose();
      announceDone(`${name} is added.`);
      await refresh();
    },
  });
  return (
    <DialogForm
      action="Add customer"
      discard="Discard"
      working={create.isPending}
      error={create.error}
      onSubmit={(form) => create.mutate(readCustomer(form))}
      onClose={onClose}
    >
      <CustomerFields />
    </DialogForm>
  );
}

function CustomerFields() {
  return (
    <div className={styles.fields}>
      <TextInput
        label="Code"
        name="code"
        description="Short and unique, such as HARB-01"
        maxLength={32}
        pattern="\s*[A-Za-z0-9][A-Za-z0-9._\/\-]*\s*"
        title="Letters, digits and . _ / -"
        required
        withAsterisk={false}
        data-autofocus
      />
      <TextInput
        label="Name"
        name="name"
        description="As it is printed on invoices"
        maxLength={200}
        required
        withAsterisk={false}
      />
      <TextInput label="Email" name="email" type="email" maxLength={254} />
      <TextInput label="Phone" name="phone" type="tel" maxLength={40} />
      <TextInput label="Street" name="street" maxLength={200} />
      <TextInput label="Tax id" name="taxId" maxLength={40} />
      <TextInput label="Postal code" name="postalCode" maxLength={20} />
      <TextInput label="City" name="city" maxLength={100} />
      <TextInput
        label="Country"
        name="country"
        placeholder="DE"
        maxLength={2}
        pattern="[A-Za-z]{2}"
        title="Two letters, such as DE"
      />
    </div>
  );
}

function readCustomer(form: FormData): NewCustomer {
  return {
    code: textOf(form, 'code').toUpperCase(),
    name: textOf(form, 'name'),
    email: textOrNull(form, 'email'),
    phone: textOrNull(form, 'phone'),
    taxId: textOrNull(form, 'taxId'),
    street: textOrNull(form, 'street'),
    postalCode: textOrNull(form, 'postalCode'),
    city: textOrNull(form, 'city'),
    country: textOrNull(form, 'country')?.toUpperCase() ?? null,
  };
}
